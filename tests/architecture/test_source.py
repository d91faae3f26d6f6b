"""What the source may not contain: slow middleware, second ways out, addresses of whoever asked, places of one machine."""

import ast
import re

import pytest

from tests.architecture.tree import PACKAGES, files, name_of, python_files, syntax_of, text_of

# Spelled apart, so that this file does not find itself.
INDEXES = re.compile(
    "|".join(
        (
            "pypi" r"\.org",
            "python" r"hosted\.org",
            "registry" r"\.npmjs",
            "npmjs" r"\.com",
            "crates" r"\.io",
            "--(?:extra-)?index-url",
        )
    )
)
PLACES = re.compile(r"(?<![\w.])/(?:(?:ro" r"ot|wo" r"rk)(?![\w.-])|ho" r"me/[a-z]|Us" r"ers/\w)")
WHO_ASKED = {"client", "peername", "remote_addr", "client_host", "client_address", "ip", "ip_address", "forwarded"}
LOG_METHODS = {"debug", "info", "warning", "error", "exception", "critical", "bind", "log"}


def _names_in(node: ast.AST) -> set[str]:
    found = set()
    for part in ast.walk(node):
        match part:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.keyword(arg=str(name)):
                found.add(name.lower())
            case ast.Constant(value=str(text)):
                found.add(text.lower())
    return found


def _log_calls(tree: ast.Module) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in LOG_METHODS
        and "log" in ast.unparse(node.func.value).lower()
    ]


def test_middleware_is_pure_asgi() -> None:
    slow = [
        name_of(path)
        for path in python_files(*PACKAGES)
        if re.search(r"@\w+\.middleware\b|BaseHTTPMiddleware|from starlette\.middleware\.base", text_of(path) or "")
    ]

    assert slow == []


def test_httpx_is_imported_in_one_module() -> None:
    importing = {
        name_of(path)
        for path in python_files(*PACKAGES)
        for node in ast.walk(syntax_of(path))
        if (isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "httpx" for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "httpx")
    }

    assert importing == {"federation/transport.py"}


def test_log_calls_never_pass_who_asked() -> None:
    passing = [
        f"{name_of(path)}:{call.lineno}"
        for path in python_files(*PACKAGES)
        for call in _log_calls(syntax_of(path))
        if _names_in(call) & WHO_ASKED
    ]

    assert passing == []


def test_a_log_call_with_an_address_would_be_noticed() -> None:
    tree = ast.parse('_log.info("refused", sender=scope["client"][0])')

    [call] = _log_calls(tree)

    assert _names_in(call) & WHO_ASKED


def test_nobody_reads_who_asked() -> None:
    reading = re.compile(
        r"\.client\.host|scope\[.client.\]|scope\.get\(.client.|x-forwarded|x-real-ip|get_extra_info\(.peername",
        re.IGNORECASE,
    )

    assert [name_of(path) for path in python_files(*PACKAGES) if reading.search(text_of(path) or "")] == []


def test_the_server_keeps_no_access_log_and_believes_no_forwarded_header() -> None:
    serving = next(path for path in python_files("node") if name_of(path) == "node/serving.py")
    given = {
        keyword.arg: ast.literal_eval(keyword.value)
        for node in ast.walk(syntax_of(serving))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "uvicorn.Config"
        for keyword in node.keywords
        if isinstance(keyword.value, ast.Constant)
    }

    assert given["access_log"] is False
    assert given["proxy_headers"] is False
    assert given["server_header"] is False


def test_no_tracked_file_names_an_index() -> None:
    assert [name_of(path) for path in files() if INDEXES.search(text_of(path) or "")] == []


def test_no_tracked_file_names_a_place_on_one_machine() -> None:
    assert [name_of(path) for path in files() if PLACES.search(text_of(path) or "")] == []


@pytest.mark.parametrize(
    "place", [("home", "rosa", "comarca"), ("work", "main"), ("root", ".cache"), ("Users", "rosa")]
)
def test_a_place_on_one_machine_would_be_noticed(place: tuple[str, ...]) -> None:
    assert PLACES.search(f"see {'/'.join(('', *place))}")


def test_an_address_with_such_a_word_in_it_is_no_place() -> None:
    assert not PLACES.search("https://riverside.example/workshop, tests/root and src/home/rosa")


def test_no_lock_holds_an_address() -> None:
    locks = [path for path in files() if path.suffix == ".lock"]

    assert locks
    for path in locks:
        lines = (text_of(path) or "").splitlines()
        assert not [line for line in lines if "://" in line], name_of(path)
        pinned = [line for line in lines if re.match(r"[a-z0-9]", line)]
        assert all("==" in line for line in pinned), name_of(path)
        assert sum("--hash=sha256:" in line for line in lines) >= len(pinned), name_of(path)
