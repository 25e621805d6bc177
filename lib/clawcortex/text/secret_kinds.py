"""The table of secrets: keys by their prefix, the rest by the words that announce them."""

from __future__ import annotations

import re

from clawcortex.text.kinds import Kind
from clawcortex.text.secret_signs import assigned, card, mixed, random, said, strong

_KEYS = r"""
    sk-(?:ant-|proj-|svcacct-|admin-|or-v1-|lf-)?[A-Za-z0-9_-]{20,300}
  | (?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,250} | whsec_[A-Za-z0-9+/]{24,100}
  | (?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}
  | gh[pousr]_[A-Za-z0-9]{36,255} | github_pat_[A-Za-z0-9_]{22,255} | gl[a-z]{2,5}-[\w-]{20,300}
  | xox[a-z]-[A-Za-z0-9-]{10,250} | xapp-\d-[A-Za-z0-9-]{10,250}
  | AIza[\w-]{35} | ya29\.[\w-]{20,500} | GOCSPX-[\w-]{20,60}
  | npm_[A-Za-z0-9]{36} | pypi-[\w-]{50,300} | hf_[A-Za-z0-9]{30,40} | SG\.[\w-]{20,24}\.[\w-]{39,50}
  | do[oprt]_v1_[a-f0-9]{64} | shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32} | gsk_[A-Za-z0-9]{40,60}
  | xai-[A-Za-z0-9]{60,100} | pplx-[A-Za-z0-9]{40,60} | r8_[A-Za-z0-9]{37} | ntn_[A-Za-z0-9]{40,50}
  | lin_api_[A-Za-z0-9]{40} | hv[sb]\.[\w-]{24,300} | dapi[0-9a-f]{32} | figd_[\w-]{40} | key-[0-9a-f]{32}
  | sq0(?:atp|csp)-[\w-]{22,43} | AGE-SECRET-KEY-1[0-9A-Z]{58} | tskey-[a-z]{3,9}-[A-Za-z0-9-]{20,80}
"""
_KEY_STARTS = """
sk- sk_ rk_ whsec_ akia asia abia acca a3t ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ gl xox xapp- aiza ya29.
gocspx- npm_ pypi- hf_ sg. _v1_ shp gsk_ xai- pplx- r8_ ntn_ lin_api_ hvs. hvb. dapi figd_ key- sq0 -key-1
tskey-
"""
_KEY_SIGNS = tuple(_KEY_STARTS.split())

_CREDENTIALS = (
    r"(?:api|access|secret|private|auth|signing|encryption|client|service|account|master|shared|session)"
    r"(?:[ _-]?(?:access|api))?[ _-]?(?:key|token|secret)s?|secrets?|tokens?|credentials?|webhook"
    r"|api[ _-]?schlüssel|zugangsschlüssel"
)
_CREDENTIAL_SIGNS = ("key", "token", "secret", "credential", "webhook", "schlüssel")

_CUE = (
    r"passwords?|passwd|passphrase|passcode|pass[ -]code|pwd|passwort|kennwort|zugangscode|mot de passe"
    r"|contraseña|contrasena|senha|wachtwoord|lösenord|hasło|пароль|密码|パスワード"
)
_CUE_STARTS = """
passw passp passc pass- pwd kennwort zugangscode contrase senha wachtwoord lösenord hasło пароль
密码 パスワード
"""
_CUE_SIGNS = (*_CUE_STARTS.split(), "pass code", "mot de passe")
_IS = r"(?:is|was|are|ist|war|lautet|heißt|est|es|è|é|to|auf)"
_SEPARATOR = r"[^\S\n]{0,3}(?::=|=>|->|[:=：])\s{0,3}"
_QUOTED_OR_WORD = r"(?P<quote>[\"'`„“«])?(?P<secret>(?(quote)[^\"'`“”»\n]{3,200}|\S{2,199}[^\s.,;!?)\]}]))"
_CARD_START = r"(?<![\w.+/#-])(?<![A-Z]{2}\d\d[ ])(?=[3-6]|2[2-7]|1800|2131)"
_CARD_END = r"(?![\w-]|\.\d)"

# Groups that repeat are not possessive, only what is in them: before Python 3.11.5 (Debian 12 has 3.11.2) a possessive
# group that can backtrack inside matches wrongly, and the secret stays.
SECRETS: tuple[Kind, ...] = (
    Kind(
        "private_key",
        re.compile(
            r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----"
            r"(?:(?:[^-]|-(?!----)){0,20000}-----END (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----"
            r"|(?:(?:\\[rn]|\s){0,4}[A-Za-z0-9+/=]{16,100}){0,400})"
        ),
        ("private key",),
    ),
    Kind("jwt", re.compile(r"(?<![\w-])eyJ[\w-]{8,8000}\.[\w-]{8,8000}\.[\w-]{0,2000}"), ("eyj",)),
    Kind("api_key", re.compile(rf"(?<![\w-])(?:{_KEYS})(?![\w-])", re.VERBOSE), _KEY_SIGNS, mixed),
    Kind("api_key", re.compile(r"(?<![\w-])\d{8,10}:[A-Za-z0-9_-]{35}(?![\w-])"), (":",), mixed),
    Kind("api_key", re.compile(r"(?<![\w-])[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,40}(?![\w-])"), (), mixed),
    Kind(
        "webhook",
        re.compile(
            r"https://(?:hooks\.slack\.com/(?:services|workflows)|(?:\w{2,10}\.)?discord(?:app)?\.com/api/webhooks)"
            r"/(?P<secret>[\w/-]{20,200})"
        ),
        ("hooks.slack.com", "/api/webhooks"),
    ),
    Kind(
        "password",
        re.compile(
            r"(?<![\w+.-])[A-Za-z][\w+.-]{1,20}://[^\s/?#@:]{0,200}:(?P<secret>[^\s/@]{1,300})@(?=[\w.\[-])"
        ),
        ("://",),
    ),
    Kind(
        "token",
        re.compile(
            r"[?&](?:access_token|token|api_?key|key|sig|signature|secret|auth|password)=(?P<secret>[^&\s#]{8,500})",
            re.IGNORECASE,
        ),
        ("=",),
        mixed,
    ),
    Kind(
        "token",
        re.compile(
            r"(?<!\w)(?:bearer|basic|token)[ \t]{1,4}(?P<secret>[\w.~+/-]{16,4000}={0,2})", re.IGNORECASE
        ),
        ("bearer", "basic", "token"),
        random,
    ),
    Kind(
        "password",
        re.compile(
            rf"(?<![^\W_])(?:{_CUE})[\"'`]?(?:[^\S\n](?:[^\W\d_]{{1,20}}+|\([^()\n]{{1,40}}\))){{0,3}}{_SEPARATOR}"
            rf"(?!(?:{_CUE}){_SEPARATOR})(?:{_IS}[^\S\n]{{1,3}})?{_QUOTED_OR_WORD}",
            re.IGNORECASE,
        ),
        _CUE_SIGNS,
        said,
    ),
    Kind(
        "password",
        re.compile(
            rf"(?<![^\W_])(?:{_CUE})(?:[^\S\n]{{1,3}}+(?!{_IS}\b)[\w'’-]{{1,20}}+){{0,6}}[^\S\n]{{1,3}}{_IS}[^\S\n]{{1,3}}"
            rf"(?:now |jetzt |still |just )?{_QUOTED_OR_WORD}",
            re.IGNORECASE,
        ),
        _CUE_SIGNS,
        strong,
    ),
    Kind(
        "password",
        re.compile(
            rf"(?<![^\W_])(?:{_CUE})[^\S\n]{{1,3}}{_IS}[^\S\n]{{1,3}}(?:now |jetzt )?"
            r"(?P<quote>[\"'`„“«])?(?P<secret>(?(quote)[^\"'`“”»\n]{3,200}|[^\s.,;!?)]{5,100}"
            r"(?=[.,;!?)]*(?:\s*$|\s*\n|[^\S\n]+(?:and|und|et|y)\b)|[.,;!?)])))",
            re.IGNORECASE,
        ),
        _CUE_SIGNS,
        said,
    ),
    Kind(
        "pin",
        re.compile(
            r"(?<!\w)(?:pin|pin[ -]?(?:code|number|nummer)|cvv2?|cvc2?|security code|geheimzahl"
            r"|sicherheitscode)"
            r"(?:[^\S\n]?[:=#]|[^\S\n](?:is|ist|lautet))[^\S\n]{0,3}(?P<secret>\d{3,8})(?![\w.,:]?\d)",
            re.IGNORECASE,
        ),
        ("pin", "cvv", "cvc", "code", "geheimzahl"),
    ),
    Kind(
        "seed_phrase",
        re.compile(
            r"(?:seed|recovery|secret|mnemonic|backup)[ -]?(?:phrase|words|seed)?"
            r"(?:[^\S\n](?:is|are))?\s{0,2}:?\s{1,3}"
            r"(?P<secret>(?:[a-z]{3,8}[\s,]{1,2}){11,23}[a-z]{3,8})(?![\w])"
        ),
        ("seed", "phrase", "mnemonic", "words"),
    ),
    # Nineteen digits before sixteen: three more digits may be the check number behind the card.
    Kind("card", re.compile(rf"{_CARD_START}\d{{4}}([ -])(?:\d{{4}}\1){{3}}\d{{3}}{_CARD_END}"), (), card),
    Kind(
        "card",
        re.compile(
            rf"{_CARD_START}(?:\d{{4}}([ -])(?:\d{{4}}\1){{2}}\d{{1,4}}|\d{{4}}([ -])\d{{6}}\2\d{{4,5}}"
            rf"|\d{{12,19}}){_CARD_END}"
        ),
        (),
        card,
    ),
    Kind(
        "secret",
        re.compile(
            rf"(?<![^\W_])(?:{_CREDENTIALS})[\"'`]?(?:{_SEPARATOR}|[^\S\n]{{1,3}}{_IS}[:]?[^\S\n]{{1,3}})"
            r"[\"'`„“«]?(?P<secret>[\w+/.~=-]{8,4000})",
            re.IGNORECASE,
        ),
        _CREDENTIAL_SIGNS,
        assigned,
    ),
    Kind(
        "secret",
        re.compile(
            rf"(?<![^\W_])(?:{_CREDENTIALS}|key|{_CUE})(?!\w)[^\n]{{1,60}}?(?<![\w+/=.-])"
            r"(?P<secret>[A-Za-z0-9+/_-]{20,400}={0,2})(?![\w+/=])",
            re.IGNORECASE,
        ),
        (*_CREDENTIAL_SIGNS, *_CUE_SIGNS),
        random,
    ),
)
