"""What a proxy in front of Comarca must be told, for nginx and for Caddy: whole blocks that work, and single lines as cures.

The same lines stand in docs/install.md and compose/one-node; tests/doctor compares them. Nothing here reads a forwarded
header or needs one.
"""

from typing import Final
from urllib.parse import urlsplit

from node.doctor.finding import Cure

NGINX: Final = """\
server {
    listen 443 ssl;
    server_name %(name)s;
    ssl_certificate     /etc/letsencrypt/live/%(name)s/fullchain.pem;
    ssl_certificate_key /etc/letsencrypt/live/%(name)s/privkey.pem;
    access_log off;
    client_max_body_size 1m;

    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header Accept $http_accept;
    proxy_set_header Connection "";
    proxy_buffering off;

    location / {
        proxy_pass http://%(upstream)s;
    }

    location /claim {
        client_max_body_size 512m;
        proxy_request_buffering off;
        proxy_pass http://%(upstream)s;
    }
}
"""

CADDY: Final = """\
%(name)s {
	@small not path /claim /claim/*
	request_body @small {
		max_size 1MiB
	}

	reverse_proxy %(upstream)s {
		flush_interval -1
	}
}
"""


def block(proxy: str, *, url: str, upstream: str) -> str:
    """The whole block for "nginx" or "caddy". `url` as in the settings, `upstream`: `host:port` where Comarca listens."""
    name = urlsplit(url).netloc
    return {"nginx": NGINX, "caddy": CADDY}[proxy] % {"name": name, "upstream": upstream}


def cures(nginx: str, caddy: str) -> tuple[Cure, ...]:
    """One fault's line for each of the two."""
    return Cure("nginx", nginx), Cure("Caddy", caddy)


ACCEPT: Final = cures(
    "proxy_set_header Accept $http_accept;", "reverse_proxy without `header_up -Accept` or `header_up Accept …`"
)
HOST: Final = cures("proxy_set_header Host $http_host;", "header_up Host {http.request.hostport}")
TARGET: Final = cures(
    "proxy_pass http://127.0.0.1:8080;  (no slash and no path after the port, no rewrite)",
    "reverse_proxy without `uri`, `rewrite` or `handle_path` before it",
)
TYPE_SENT: Final = cures("no `proxy_set_header Content-Type …`", "reverse_proxy without `header_up Content-Type …`")
TYPE_ANSWERED: Final = cures(
    "no `proxy_hide_header Content-Type` and no `add_header Content-Type …`",
    "no `header Content-Type …` and no `header_down Content-Type …`",
)
SIGNED: Final = cures(
    'no `proxy_set_header Signature ""` (nor Digest, Date, Content-Digest); proxy_pass_request_headers on;',
    "reverse_proxy without `header_up -Signature` (nor Digest, Date, Content-Digest)",
)
BODY: Final = cures("client_max_body_size 1m;", "request_body { max_size 1MiB }")
BODY_CHANGED: Final = cures("proxy_pass_request_body on;  (and no filter on bodies)", "no `templates` or body filter")
STREAMS: Final = cures("proxy_buffering off;  (and no `proxy_ignore_headers X-Accel-Buffering`)", "flush_interval -1")
REDIRECT: Final = cures(
    "no `return 301` and no `rewrite … permanent` in this name's `listen 443` block",
    "no `redir` in this name's block",
)
WELL_KNOWN: Final = cures(
    "location ^~ /.well-known/acme-challenge/ { … }  (this path only, never all of /.well-known/)",
    "no `handle /.well-known/*` in this name's block",
)
UPSTREAM: Final = cures("proxy_pass http://%s;", "reverse_proxy %s")
CHAIN: Final = cures(
    "ssl_certificate …/fullchain.pem;  (not cert.pem)", "no `tls` line: Caddy sends the chain by itself"
)
ANSWERED_HEADERS: Final = cures(
    "no `proxy_hide_header` and no `add_header` for Content-Security-Policy, Strict-Transport-Security",
    "no `header` for Content-Security-Policy, Strict-Transport-Security",
)


def upstream_cures(upstream: str) -> tuple[Cure, ...]:
    """Where the proxy has to send what it gets."""
    return tuple(Cure(cure.words, cure.code % upstream) for cure in UPSTREAM)
