"""`comarca keys`: the recovery words of a council, and what can be done with them."""

import sys
from typing import Annotated, Any

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from federation import rotation
from federation.feeds import muting, own
from node.cli.opening import Folder, Opened, opened, over_the_network
from node.cli.saying import Json, answer, plainly, say
from node.key_age import KEYS_LAST, WARN_BEFORE, keys_since
from node.recovery import line_of, make_key, open_epoch, put_away, root_key
from node.returning import Returning
from protocol import keys as public_keys
from protocol.feeds import bundle, roots
from protocol.feeds.coding import b64
from schemas.phrase import phrase
from schemas.refusal import Refusal

keys = typer.Typer(help="Recovery words, and the keys that the council signs with.", no_args_is_help=True)
Holders = Annotated[int, typer.Option(min=1, max=9, help="How many people hold recovery words.")]
Needed = Annotated[int, typer.Option(min=1, max=9, help="How many of them are needed to recover.")]


@keys.command("show")
@plainly
def show_keys(directory: Folder, json: Json = False) -> None:
    """Say which keys there are: how old, where the recovery words are, whether this server speaks."""
    with opened(directory) as here, here.store.reading() as connection:
        facts = _facts(here, connection)
    lines = [f"{word.replace('_', ' ')}: {value}" for word, value in facts.items()]
    if facts["words_still_here"]:
        lines.append(f"The recovery words have not been taken away yet. Type: comarca keys words {directory}")
    if facts["days_left"] < WARN_BEFORE.days:
        lines.append(f"Change the keys soon. Type: comarca rotate-keys {directory}")
    if facts["silent_since"] != "no":
        lines.append("This may be an old copy. It speaks again once nearby councils have given back what it once said.")
    answer(json, facts, *lines)


def _facts(here: Opened, connection: Connection) -> dict[str, Any]:
    root = roots.judge_line(line_of(connection))
    assert isinstance(root, roots.Root)
    row, since = own.ours(connection, "public"), muting.muted_since(connection)
    assert row is not None
    changed, begun = rotation.changes(connection), muting.marked_at(connection)
    in_use = keys_since(here.settings.directory, changed, begun=begun) or here.clock.now()
    return {
        "root": root.id,
        "root_in_words": " ".join(bundle.root_words(root.id)),
        "people_with_words": len(root.keys),
        "of_them_needed": root.threshold,
        "words_still_here": root_key(here.settings.directory) is not None,
        "keys_number": here.council.keyring.number,
        "days_left": (in_use + KEYS_LAST - here.clock.now()).days,
        "epoch": row["epoch"],
        "entries": row["seq"],
        "silent_since": "no" if since is None else since.isoformat(timespec="seconds"),
    }


@keys.command("words")
@plainly
def words(directory: Folder, json: Json = False) -> None:
    """Print the 24 recovery words. Write them on paper and keep it in another house; whoever has them can be the council."""
    key = root_key(directory)
    if key is None:
        raise Refusal(
            "taken-away", sentence=phrase("The recovery words are not here any more: somebody took them away on paper.")
        )
    found = roots.words_of_key(key)
    answer(json, {"words": found}, *_on_lines(found), f"Once they are on paper: comarca keys take-away {directory}")


def _on_lines(found: tuple[str, ...]) -> list[str]:
    return ["  ".join(f"{n + 1:2} {found[n]:<9}" for n in range(at, at + 6)) for at in range(0, len(found), 6)]


@keys.command("take-away")
@plainly
def take_away(directory: Folder, json: Json = False) -> None:
    """Remove the recovery key from this machine, once its words are typed in from the paper. Then a raid cannot take it."""
    key = root_key(directory)
    if key is None:
        raise Refusal(
            "taken-away", sentence=phrase("The recovery words are not here any more: somebody took them away on paper.")
        )
    typed = _typed(1)[0]
    if typed.public_key() != key.public_key():
        raise Refusal("other-words", sentence=phrase("These are other words than ours. Nothing was removed."))
    put_away(directory)
    answer(json, {"taken_away": True}, "The recovery key is no longer on this machine. The paper is the only copy now.")


@keys.command("share")
@plainly
def share(directory: Folder, holders: Holders = 3, needed: Needed = 2, json: Json = False) -> None:
    """Give recovery words to several people, some of whom are needed together. The words that there were lose their force."""
    if needed > holders:
        raise Refusal("too-many-needed", sentence=phrase("No more people can be needed than have words."))
    with opened(directory) as here:
        by = _roots_here_or_typed(here)
        fresh = [make_key(here.randomness) for _ in range(holders)]
        _open(here, by, next_roots=fresh, threshold=needed)
    put_away(directory)
    papers = [roots.words_of_key(key) for key in fresh]
    lines = [line for n, paper in enumerate(papers) for line in (f"Paper {n + 1} of {holders}:", *_on_lines(paper), "")]
    answer(
        json,
        {"papers": papers, "needed": needed},
        *lines,
        f"{needed} of these {holders} papers recover the council. They are kept nowhere else: write them down now.",
    )


@keys.command("new-epoch")
@plainly
def new_epoch(directory: Folder, json: Json = False) -> None:
    """Begin the council's feeds anew, by its recovery words: after a lost or stolen key."""
    with opened(directory) as here:
        number = _open(here, _roots_here_or_typed(here))
    answer(
        json, {"epoch": number}, f"Epoch {number} has begun. All that is live has been said anew under the key in use."
    )


@keys.command("recover")
@plainly
def recover(
    directory: Folder,
    neighbours: Annotated[
        list[str], typer.Option("--from", help="The address of a nearby council that we were linked with.")
    ],
    json: Json = False,
) -> None:
    """Put a lost council up again on this new server, from its recovery words and from what nearby councils hold.

    Make the folder first, with the old address: comarca init DIR --url …; then type this, before the server runs.
    """
    with opened(directory) as here:
        by = _all_typed()
        council, store, clock, randomness = here.council, here.store, here.clock, here.randomness
        returned = over_the_network(
            council,
            lambda transport: Returning(council, store, clock, randomness, transport).come_back(neighbours, by),
        )
    answer(
        json,
        {
            "live": returned.live,
            "epoch": returned.epoch,
            "asked": dict(returned.asked),
            "words": {name: list(words) for name, words in returned.words},
        },
        f"{returned.live} of what the council had said is live again, in epoch {returned.epoch}.",
        *(f"{name}: gave back {what}" for name, what in returned.asked),
        *(f"Compare with {name}, by voice: {' '.join(words)}" for name, words in returned.words),
        f"Now: comarca serve {directory}",
    )


def _all_typed() -> list[Ed25519PrivateKey]:
    """Every line of recovery words that comes in, until an empty one or the end."""
    if sys.stdin.isatty():
        say("Type the recovery words, each paper on one line; an empty line ends it:")
    found = []
    while words := sys.stdin.readline().split():
        found.append(_key_of(words))
    return found


def _open(here: Opened, by: list[Ed25519PrivateKey], *, next_roots: Any = (), threshold: int = 1) -> int:
    store_id, now = b64(here.randomness.bytes(12)), here.clock.now()
    return here.store.write_now(
        lambda c: open_epoch(
            c, here.council, by=by, store_id=store_id, now=now, next_roots=next_roots, threshold=threshold
        )
    )


def _roots_here_or_typed(here: Opened) -> list[Ed25519PrivateKey]:
    key = root_key(here.settings.directory)
    with here.store.reading() as connection:
        root = roots.judge_line(line_of(connection))
    assert isinstance(root, roots.Root)
    if key is not None and public_keys.encode_multikey(key.public_key()) in root.keys and root.threshold == 1:
        return [key]
    return _typed(root.threshold)


def _typed(count: int) -> list[Ed25519PrivateKey]:
    """As many root keys as are needed, each typed as its 24 words on one line. Raises Refusal "words"."""
    if sys.stdin.isatty():
        say(f"Type the recovery words, {count} paper(s), each on one line:")
    return [_key_of(sys.stdin.readline().split()) for _ in range(count)]


def _key_of(words: list[str]) -> Ed25519PrivateKey:
    try:
        return roots.key_of_words(words)
    except ValueError as error:
        raise Refusal("words", sentence=f"{str(error)[:1].upper()}{str(error)[1:]}.") from None
