"""Pages that no address leads to: what a form answers when what it needs was left empty, and what is shown once."""

from collections.abc import Iterator

from tests.person.browsing import Person

# Only forms that ask for words: one that has none would do what its button says.
WORDY = """() => [...document.querySelectorAll('main form[method=post]')].map((form, i) => [form, i]).filter(([form]) =>
  [...form.querySelectorAll('input[required],textarea[required]')].some(e => e.type !== 'checkbox' && !e.value.trim())
).map(([, i]) => i)"""
SEND = """i => {
  const form = document.querySelectorAll('main form[method=post]')[i]
  form.noValidate = true
  form.querySelector('button:not([type=button])').click()
}"""


def may_ask_for_words(one: Person, path: str) -> bool:
    """Whether the page has any field that must be filled in. Only fetched, which costs a tenth of having it drawn."""
    answer = one.page.context.request.get(one.origin + path)
    return "required" in answer.text()


def mistakes(one: Person, paths: list[str]) -> Iterator[str]:
    """Send every form of these pages that asks for words without a word; each answer stays open while it is looked at."""
    for path in paths:
        if not may_ask_for_words(one, path):
            continue
        one.opens(path)
        for number in one.measures(WORDY):
            if one.path != path:
                one.opens(path)
            with one.page.expect_navigation(wait_until="load") as answered:
                one.measures(SEND, number)
            one.answer = answered.value
            yield f"{path}, form {number + 1} sent empty"


# The page with the form, and what the form's own address is: what comes back is shown in this answer and never again.
SHOWN_ONCE = (
    ("/invites", "/invites"),
    ("/invites", "/invites/sheet"),
    ("/people", "/people/1/sign-in-link#p-1"),
    ("/account", "/account/recovery"),
)


def shown_once(one: Person) -> Iterator[str]:
    """Make an invite, slips, a sign-in link, codes and six words; each answer stays open while it is looked at."""
    for path, action in SHOWN_ONCE:
        one.opens(path)
        with one.page.expect_navigation(wait_until="load") as answered:
            one.page.locator(f"main form[action='{action}'] button").click()
        one.answer = answered.value
        assert one.status == 200
        yield f"{action} when it is shown"
    one.opens("/councils")
    address = one.page.locator("main .address bdi").first.inner_text()
    one.opens("/councils/ask")
    one.fills(address=address)
    with one.page.expect_navigation(wait_until="load") as answered:
        one.page.locator("main form button").click()
    one.answer = answered.value
    assert one.status == 200
    yield "/councils/look when it is shown"
    one.opens("/import")
    one.fills(table="What;How many;Phone\nSoup;2,5;600\nOld bread;1.000;\n")
    with one.page.expect_navigation(wait_until="load") as answered:
        one.page.locator("main form button").first.click()
    one.answer = answered.value
    assert one.status == 200
    yield "/import when it is looked through"
