from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawcortex.text.kinds import Kind
from clawcortex.text.privacy import Policy
from clawcortex.text.redaction import redact

# Made up, put together here so that no scanner takes them for real ones.
LETTERS = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0fG"
SECRETS = {
    "api_key": [
        f"sk-proj-{LETTERS}{LETTERS}",
        f"sk-ant-api03-{LETTERS}-{LETTERS}",
        "AKIA" + "Q3EGRY7ZXWVUTSRQ",
        "ghp_" + LETTERS + "Aa12",
        "github_pat_" + LETTERS,
        "glpat-" + LETTERS[:20],
        "xoxb-" + "123456789012-abcdefGHIJKL",
        "AIza" + LETTERS + "x_9",
        "GOCSPX-" + LETTERS[:28],
        "sk_live_" + LETTERS[:24],
        "123456789:AA" + LETTERS + "x",
        "hf_" + LETTERS + "ab",
        "npm_" + LETTERS + "abcd",
        "SG." + LETTERS[:22] + "." + LETTERS + LETTERS[:11],
        "dapi" + "0123456789abcdef" * 2,
    ],
    "jwt": ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"],
    "card": [
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111111111111111",
        "5500 0000 0000 0004",
        "3782 822463 10005",
        "378282246310005",
        "6011000990139424",
        "30569309025904",
    ],
}
SENTENCES = [
    "{}",
    "it is {} .",
    "use {}, please",
    "({})",
    '"{}"',
    "a\n{}\nb",
    "key={}",
    "секрет: {}",
    "🙂{}🙂",
]

ANNOUNCED = [
    ("password: hunter2", "password: [redacted:password]"),
    ("password:\npassword: hunter2", "password:\npassword: [redacted:password]"),
    ("Password = 'correct horse battery'", "Password = '[redacted:password]'"),
    ("das Passwort ist hunter2", "das Passwort ist [redacted:password]"),
    ("mein Passwort lautet Sommer2024!", "mein Passwort lautet [redacted:password]!"),
    ("the wifi password for guests is sunflower99", "the wifi password for guests is [redacted:password]"),
    ("my password is swordfish.", "my password is [redacted:password]."),
    ("my password is swordfish and I like it", "my password is [redacted:password] and I like it"),
    ("I changed the password to Winter#9 today", "I changed the password to [redacted:password] today"),
    ('{"password":"abc def","user":"x"}', '{"password":"[redacted:password]","user":"x"}'),
    ("DB_PASSWORD=s3cr3t", "DB_PASSWORD=[redacted:password]"),
    ("mot de passe : azerty123", "mot de passe : [redacted:password]"),
    ("contraseña: gato2020", "contraseña: [redacted:password]"),
    ("пароль: кошка77", "пароль: [redacted:password]"),
    ("密码：abc12345", "密码：[redacted:password]"),
    ("postgres://bob:pa55word@db.example.com/x", "postgres://bob:[redacted:password]@db.example.com/x"),
    ("https://a.example/cb?token=abcdef1234567&x=1", "https://a.example/cb?token=[redacted:token]&x=1"),
    ("Authorization: Bearer abc123DEF456ghi789jkl", "Authorization: Bearer [redacted:token]"),
    ("PIN: 4821", "PIN: [redacted:pin]"),
    ("meine Geheimzahl ist 4821", "meine Geheimzahl ist [redacted:pin]"),
    ("cvv 12 is not one, CVV: 123 is", "cvv 12 is not one, CVV: [redacted:pin] is"),
    ("api key: 3f2a9c81d7e64b05a1c2", "api key: [redacted:secret]"),
    ("client_secret = 9b2d5e1c-1111-4222-8333-abcdefabcdef", "client_secret = [redacted:secret]"),
    ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYzz", "aws_secret_access_key = [redacted:secret]"),
    (
        f"the token for staging, by the way, was {LETTERS}",
        "the token for staging, by the way, was [redacted:secret]",
    ),
    ("4111 1111 1111 1111 378282246310005", "[redacted:card] [redacted:card]"),
    ("4111 1111 1111 1111 5500 0000 0000 0004", "[redacted:card] [redacted:card]"),
    ("code 1234 4111 1111 1111 1111 123", "code 1234 [redacted:card] 123"),
    ("exp 12/27 4111 1111 1111 1111 12/27", "exp 12/27 [redacted:card] 12/27"),
]

INNOCENT = [
    "The password is wrong.",
    "Password: required",
    "my password is not working anymore",
    "I forgot my password, it was a long day",
    'password: str = Field(default="")',
    'password = os.environ["DB"]',
    "password: ${DB_PASSWORD}",
    "password: ********",
    "Password must be at least 8 characters",
    "The password reset link is https://example.com/reset",
    "Das Passwort ist falsch",
    "order number 4000123456789012 shipped",
    "invoice 2026-000123, customer 88213455",
    "call me at +49 170 1234567 or 0170 12345678 or (555) 010-9999",
    "commit 9fceb02d0ae598e95dc970b74767f19372d61af8 rotated the secret",
    "the token's checksum is e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "id 123e4567-e89b-12d3-a456-426614174000",
    "the session token belongs to request 123e4567-e89b-12d3-a456-426614174000 I think",
    "at 2026-03-14T09:26:53Z the token expired",
    "the api key expires: 2027-03-31",
    "tokens: 1200 used, budget 600",
    "the secret ingredient is love",
    "she is the bearer of good news and responsibilities",
    "we saw pin 12 on the board; the pin is bent",
    "tracking 1Z999AA10123456784",
    "ISBN 978-3-16-148410-0",
    "timestamp 1767225600000 ms",
    "meeting id 830 4718 2241",
    "IMEI 356938035643809",
    "memory 01JQ8Z5X9T3V7B2N4M6K8H0G1F is the secret one",
    "sk-learn is great; scikit-learn-extra too, and sk-some-long-kebab-case-name-of-mine",
    "a token of appreciation: a book",
    "the key to success is hard work",
    "docs on tokens: https://example.com/docs/auth/oauth2-authorization-code-flow",
    "The secret meeting is at 10:30 in room B12",
    "http://localhost:8080/a:b@c and mail bob@example.com",
    "ratio 4:3, score 12345678:9",
]


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize(
    ("kind", "secret"), [(kind, one) for kind, several in SECRETS.items() for one in several]
)
def test_masks_secrets_wherever_they_stand(kind: str, secret: str, sentence: str) -> None:
    redacted = redact(sentence.format(secret))
    assert redacted.text == sentence.format(f"[redacted:{kind}]")
    assert redacted.kinds == (kind,)


@pytest.mark.parametrize(("text", "expected"), ANNOUNCED)
def test_masks_what_is_announced_and_only_that(text: str, expected: str) -> None:
    redacted = redact(text)
    assert redacted.text == expected
    assert redacted.kinds == tuple(dict.fromkeys(re.findall(r"\[redacted:(\w+)\]", expected)))


@pytest.mark.parametrize("text", INNOCENT)
def test_leaves_prose_numbers_and_ids_alone(text: str) -> None:
    assert redact(text) == (text, ())


@pytest.mark.parametrize(
    "label", ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "], ids=["pkcs8", "rsa", "ec", "openssh", "encrypted"]
)
def test_masks_private_keys_whole(label: str) -> None:
    body = "\n".join([LETTERS * 2] * 5)
    key = f"-----BEGIN {label}PRIVATE KEY-----\n{body}\n-----END {label}PRIVATE KEY-----"
    assert redact(f"here:\n{key}\nthanks") == ("here:\n[redacted:private_key]\nthanks", ("private_key",))
    cut = key[: len(key) // 2]
    assert LETTERS not in redact(f"here:\n{cut}").text
    escaped = key.replace("\n", "\\n")
    assert LETTERS not in redact(f'{{"private_key": "{escaped}"}}').text


def test_masks_twelve_words_behind_their_cue() -> None:
    words = "abandon ability able about above absent absorb abstract absurd abuse access accident"
    assert redact(f"seed phrase: {words}").text == "seed phrase: [redacted:seed_phrase]"
    assert redact(f"I like {words}").kinds == ()


def test_names_each_kind_once() -> None:
    assert redact("password: hunter2, PIN: 1234, password: hunter3").kinds == ("password", "pin")


def test_takes_any_table_of_kinds() -> None:
    mail = Kind("email", re.compile(r"[\w.]{1,64}@[\w.]{1,255}"), ("@",))
    found = redact("ask bob@example.com, PIN: 1234", Policy((mail,)))
    assert found.text == "ask [redacted:email], PIN: 1234"


PIECES = st.sampled_from(
    [
        *(secret for several in SECRETS.values() for secret in several),
        *(text for text, _ in ANNOUNCED),
        *INNOCENT,
    ]
)


@given(st.lists(PIECES | st.text(max_size=20), max_size=6).map(" ".join))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = redact(text)
    assert redact(once.text).text == once.text


@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from(SECRETS["api_key"][:4]))
def test_a_key_between_any_texts_is_gone(before: str, after: str, secret: str) -> None:
    assert secret not in redact(f"{before} {secret} {after}").text


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN PRIVATE KEY-----" * 5_000,
        "eyJaaaaaaaa." * 10_000,
        "password " * 15_000,
        "password" + " a" * 60_000,
        "token is " * 15_000,
        "4111 " * 25_000,
        "1" * 200_000,
        "1 " * 100_000,
        "sk-" * 40_000,
        "http://a:" * 15_000,
        "key " + "a1" * 70_000,
        "secret phrase: " + "abc " * 50_000,
        "x_" * 70_000 + "password:",
        "-----BEGIN PRIVATE KEY-----" + "\\n" * 50_000,
    ],
    ids=lambda text: text[:16],
)
def test_takes_linear_time_on_hostile_text(text: str) -> None:
    found = redact(f"{text}\n.\npassword: Winter#9")  # quadratic time would run into the test's timeout
    assert found.text.endswith("[redacted:password]")
