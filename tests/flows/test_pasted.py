"""Pasted settings: what is read from .env files, from pusher.com's App Keys and from URLs."""

import contextlib
import time
from typing import Any

import pytest

from custom_components.pusher_channels.flows.forms import FormError
from custom_components.pusher_channels.flows.pasted import MAX_LENGTH, parse_settings

APP = {"app_id": "1", "app_key": "k", "secret": "s"}
REVERB = {"host": "ws.example", "port": 8080, "use_tls": False}

LARAVEL_PUSHER = """
BROADCAST_CONNECTION=pusher
APP_KEY=base64:not-a-key-of-an-app
PUSHER_APP_ID=1
PUSHER_APP_KEY="k"
PUSHER_APP_SECRET='s'
PUSHER_HOST=
PUSHER_PORT=443
PUSHER_SCHEME=https
PUSHER_APP_CLUSTER=eu

VITE_PUSHER_APP_KEY="${PUSHER_APP_KEY}"
VITE_PUSHER_HOST="${PUSHER_HOST}"
VITE_PUSHER_PORT="${PUSHER_PORT}"
VITE_PUSHER_SCHEME="${PUSHER_SCHEME}"
VITE_PUSHER_APP_CLUSTER="${PUSHER_APP_CLUSTER}"
"""
LARAVEL_REVERB = """
BROADCAST_CONNECTION=reverb
REVERB_APP_ID=1
REVERB_APP_KEY=k
REVERB_APP_SECRET=s # from the installer
REVERB_HOST="ws.example"
REVERB_PORT=8080
REVERB_SCHEME=http
REVERB_SERVER_HOST=0.0.0.0
REVERB_SERVER_PORT=9000
"""


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (LARAVEL_PUSHER, APP | {"cluster": "eu", "port": 443, "use_tls": True}),
        (LARAVEL_REVERB, APP | REVERB),
        (LARAVEL_REVERB.replace("REVERB_", "VITE_REVERB_"), APP | REVERB),
        (LARAVEL_REVERB.replace("\n", "\r\n"), APP | REVERB),
        ("\ufeffPUSHER_APP_KEY=k\nPUSHER_APP_SECRET=s", {"app_key": "k", "secret": "s"}),
        (
            LARAVEL_PUSHER.replace("CONNECTION=pusher", "DRIVER=reverb") + LARAVEL_REVERB,
            APP | REVERB | {"cluster": "eu"},
        ),
        (
            "SOKETI_DEFAULT_APP_ID=1\nSOKETI_DEFAULT_APP_KEY=k\nSOKETI_DEFAULT_APP_SECRET=s",
            APP,
        ),
        (
            "- SOKETI_DEFAULT_APP_KEY=k\n- SOKETI_PORT=6001\n- SOKETI_PATH_PREFIX=/ws",
            {"app_key": "k", "port": 6001, "path": "/ws"},
        ),
        ("SOCKUDO_DEFAULT_APP_KEY: k", {"app_key": "k"}),
        (
            "  SOKETI_DEFAULT_APP_KEY: '${KEY:-k}'\n  SOKETI_DEFAULT_APP_ID: '${PUSHER_APP_ID}'",
            {"app_key": "k"},
        ),
        ('app_id = "1"\nkey = "k"\nsecret = "s"\ncluster = "eu"', APP | {"cluster": "eu"}),
        ("export PUSHER_KEY=k\nPUSHER_CLUSTER=ap1", {"app_key": "k", "cluster": "ap1"}),
        ("PUSHER_APP_KEY=k\nPUSHER_APP_KEY=l", {"app_key": "l"}),
        ("PUSHER_APP_KEY=k\nPUSHER_APP_KEY=", {"app_key": "k"}),
        ("PUSHER_APP_KEY=k\nPUSHER_APP_SECRET=null\nPUSHER_APP_ID=NULL", {"app_key": "k"}),
        ("A=${B}\nB='k'\nPUSHER_APP_KEY=\"${A}\"", {"app_key": "k"}),
        (
            "B=k\nPUSHER_APP_KEY=${A:-${B}}\nPUSHER_APP_ID=${A-1}\nPUSHER_APP_SECRET=${A:-${C:-s}}",
            APP,
        ),
        ("A=${A}\nPUSHER_APP_KEY=${A}\nPUSHER_APP_SECRET=s", {"secret": "s"}),
        (
            "PUSHER_APP_KEY=${NO_SUCH:-k}\nPUSHER_APP_SECRET=a$b$1\nPUSHER_APP_ID=${NO_SUCH}",
            {"app_key": "k", "secret": "a$b$1"},
        ),
        (
            "  - \"SOKETI_DEFAULT_APP_KEY=k\"\n  - 'SOKETI_DEFAULT_APP_SECRET=s'",
            {"app_key": "k", "secret": "s"},
        ),
        ("PUSHER_APP_KEY=k\nPUSHER_USE_TLS=off", {"app_key": "k", "use_tls": False}),
        ("PUSHER_APP_KEY=k#1\nPUSHER_APP_SECRET=' a # b '", {"app_key": "k#1", "secret": "a # b"}),
        (
            "NAME=k\nPUSHER_APP_KEY=$NAME\nPUSHER_APP_SECRET='$NAME'",
            {"app_key": "k", "secret": "$NAME"},
        ),
        (
            'PUSHER_APP_KEY=k\nPUSHER_APP_SECRET="a\\"b\\$NAME\\\\c" # "quoted"',
            {"app_key": "k", "secret": 'a"b$NAME\\c'},
        ),
        ("PUSHER_APP_KEY=k\nPUSHER_APP_SECRET='a\\$b'", {"app_key": "k", "secret": "a\\$b"}),
        ("PUSHER_APP_KEY=k\nPUSHER_HOST=api-eu.pusher.com", {"app_key": "k", "cluster": "eu"}),
        (
            "PUSHER_APP_KEY=k\nPUSHER_HOST=https://ws.example:6001/ws",
            {"app_key": "k", "host": "ws.example", "port": 6001, "path": "/ws", "use_tls": True},
        ),
        (
            "PUSHER_APP_KEY=k\nPUSHER_HOST=soketi\nVITE_PUSHER_HOST=ws.example",
            {"app_key": "k", "host": "ws.example"},
        ),
        (
            "REVERB_APP_KEY=k\nREVERB_SERVER_PATH=/ws",
            {"app_key": "k", "path": "/ws"},
        ),
        (
            "PUSHER_APP_KEY=k\nPUSHER_ENCRYPTION_MASTER_KEY=bWFzdGVy",
            {"app_key": "k", "encryption_master_key": "bWFzdGVy"},
        ),
        ("PUSHER_URL=https://k:s@api-eu.pusher.com/apps/1", APP | {"cluster": "eu"}),
        (
            "BROADCAST_CONNECTION=Pusher\nPUSHER_URL=https://k:s@api-eu.pusher.com/apps/1"
            + LARAVEL_REVERB.replace("=reverb", "=").replace("KEY=k", "KEY=l"),
            APP | {"cluster": "eu"},
        ),
        (
            LARAVEL_PUSHER.replace("k", "").replace("=1", "=").replace("'s'", "")
            + "REVERB_APP_ID=1\nREVERB_APP_KEY=k\nREVERB_APP_SECRET=s",
            APP,
        ),
        ("PUSHER_APP_KEY=l\n" + LARAVEL_REVERB.replace("=reverb", "="), APP | REVERB),
        (
            LARAVEL_REVERB.replace("=reverb", "=pusher")
            + "PUSHER_APP_KEY=k\nPUSHER_HOST=other.example\nPUSHER_APP_CLUSTER=eu",
            APP | REVERB | {"host": "other.example", "cluster": "eu"},
        ),
        ("A=k\nB=${A}\nC=${B}\nPUSHER_APP_KEY=${C}", {"app_key": "k"}),
        ("A=k\nB=${A}\nC=${B}\nD=${C}\nPUSHER_APP_ID=1${D}", {"app_id": "1"}),
        ("A=k\nPUSHER_APP_KEY=" + "$A" * 11, {"app_key": "k" * 10 + "$A"}),
        ("PUSHER_APP_KEY=k\nPUSHER_PORT=1", {"app_key": "k", "port": 1}),
        ("PUSHER_APP_KEY=k\nPUSHER_PORT=65535", {"app_key": "k", "port": 65535}),
        ("PUSHER_APP_KEY=k".ljust(MAX_LENGTH), {"app_key": "k"}),
        (
            "PUSHER_URL=https://k%2F1:s@ws.example/apps/a%20b",
            {"app_key": "k/1", "secret": "s", "app_id": "a b", "host": "ws.example"}
            | {"use_tls": True},
        ),
        (
            "wss://ws.example/app/k%2F1",
            {"app_key": "k/1", "host": "ws.example", "use_tls": True},
        ),
        (
            "PUSHER_APP_CLUSTER=ap1\nPUSHER_URL=https://k:s@api-eu.pusher.com/apps/1",
            APP | {"cluster": "eu"},
        ),
        (
            "NAME=x\nhttps://k:s$NAME@api-eu.pusher.com/apps/1",
            APP | {"secret": "s$NAME", "cluster": "eu"},
        ),
        ("PUSHER_URL=http://k:s@api.pusherapp.com/apps/1", APP | {"cluster": "mt1"}),
        ("  https://k:s@api-eu.pusher.com/apps/1  ", APP | {"cluster": "eu"}),
        ('"https://k:s@api-eu.pusher.com/apps/1"', APP | {"cluster": "eu"}),
        (
            "PUSHER_URL='http://k:a%2Fb@ws.example:8080/ws/apps/1'",
            APP | REVERB | {"secret": "a/b", "path": "/ws"},
        ),
        (
            "wss://ws.example/app/k?protocol=7",
            {"app_key": "k", "host": "ws.example", "use_tls": True},
        ),
    ],
)
def test_fields_are_read(text: str, fields: dict[str, Any]) -> None:
    assert parse_settings(text) == fields


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Hello", "No app key, secret or address was found"),
        ("APP_NAME=Shop\nPUSHER_APP_KEY=", "No app key, secret or address was found"),
        ("PUSHER_APP_KEY=k\nPUSHER_PORT=65536", "PUSHER_PORT"),
        ("PUSHER_APP_KEY=k\nPUSHER_PORT=many", "PUSHER_PORT"),
        ("PUSHER_APP_KEY=k\nPUSHER_PORT=0", "PUSHER_PORT"),
        ("PUSHER_APP_KEY=k\nPUSHER_PORT=" + "9" * 5000, "PUSHER_PORT"),
        ("PUSHER_APP_KEY=k\nPUSHER_PORT=\u0668\u0660", "PUSHER_PORT"),
        ("REVERB_APP_KEY=k\nVITE_REVERB_SCHEME=gopher", "VITE_REVERB_SCHEME"),
        ("REVERB_APP_KEY=k\nREVERB_HOST=a b", "REVERB_HOST"),
        ("PUSHER_URL=no address", "PUSHER_URL"),
        ("PUSHER_URL=https://api-eu.pusher.com/apps/1", "PUSHER_URL"),
        ("x" * (MAX_LENGTH + 1), f"The text has more than {MAX_LENGTH} characters"),
    ],
)
def test_unusable_text_is_refused_by_the_variable_and_without_its_value(
    text: str, message: str
) -> None:
    with pytest.raises(FormError) as refused:
        parse_settings(text)
    assert (refused.value.key, refused.value.message) == ("invalid_settings", message)


@pytest.mark.parametrize(
    "text",
    [
        " " * 50_000 + "x",
        "PUSHER_APP_KEY=a" + " " * 50_000 + "b",
        "-" + " " * 50_000 + "'x",
        "A="
        + "x" * 9_000
        + "\nB="
        + "$A" * 10
        + "\nC="
        + "$B" * 10
        + "\nD=${E:-"
        + "$C" * 5000
        + "}",
        "A=" + "x" * 9_000 + "".join(f"\nB{n}=" + f"$A$B{n - 1}" * 5 for n in range(2000)),
    ],
    ids=["blanks", "blanks in a value", "item", "default", "references"],
)
def test_no_text_takes_long(text: str) -> None:
    started = time.process_time()
    with contextlib.suppress(FormError):
        parse_settings(text)
    assert time.process_time() - started < 2
