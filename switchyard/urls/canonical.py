"""The canonical form of a URL: how an address was pasted must not decide what is thought of it.

The form is pure ASCII, without scheme, leading `www.`, default port, trailing slash or plain
fragment, with a lower-case host; escapes follow RFC 3986, hosts UTS 46. Two departures are meant:
a backslash is a slash (as in browsers), and a fragment stays when it carries more than a plain
anchor (`#/route`, `#!page`, `#name@example.org`), because traps hide their target there.
"""

from __future__ import annotations

import re
from urllib.parse import quote

PASSES = 8
"""Honest input settles within three; what still changes after so many is quoted whole."""

EDGES = " \"'<>"
"""What is pasted around a URL, besides white space."""

# Not possessive around the labels: Python 3.11.2 then keeps a dot that no label follows.
_PLAIN = re.compile(
    r"(?:[hH][tT]{2}[pP][sS]?://)?(?:[wW]{3}\.)*+"
    r"([A-Za-z0-9_-]++(?:\.[A-Za-z0-9_-]++)*)([/?][A-Za-z0-9\-._~/:@!$()*+,=?&]*+)?"
)
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\xa0\xad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]+"
)
_ENTITY = re.compile(r"&(?:((?:amp;)+)|(lt|gt|quot|apos|nbsp|#\d{1,7}|#x[0-9a-f]{1,6});)", re.I)
_NAMED = {"lt": "<", "gt": ">", "quot": '"', "apos": "'", "nbsp": " "}
_DEFANGED = re.compile(r"\[(\.|:|://|dot)\]", re.I)
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")
_SCHEME = re.compile(
    r"(?:(?P<web>h(?:tt|xx)p(?P<secure>s)?)(?:\[:|:)|[a-z][a-z0-9+-]{1,31}://)", re.I
)
_PREFIX = re.compile(
    r"(?:h(?:tt|xx)ps?:|[a-z][a-z0-9+-]{1,31}://|www\.|[/\s.\"'<>]+|:0*(?:80|443)?(?=[/?#]|$))*+",
    re.I,
)
_SPACE = re.compile(r"\s+")
_HOST_END = re.compile(r"[/?#]")
_ILLEGAL = re.compile(r"[^A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
_ANCHOR = re.compile(r"[A-Za-z0-9\-._~]*+")
_HOSTNAME = re.compile(r"[a-z0-9\-._]+")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def canonicalise(url: str) -> str:
    """The canonical form of `url`; defined for every str, idempotent, possibly empty."""
    plain = _PLAIN.fullmatch(url)
    if plain is not None:
        host, rest = plain.groups()
        return host.lower() + rest.rstrip("/") if rest else host.lower()
    return _settled(whole_characters(url))


def scheme_of(url: str) -> str:
    """The scheme as pasted: 'http', 'https', 'other' or 'none'."""
    found = _SCHEME.match(url.lstrip().lstrip(EDGES))
    if found is None:
        return "none"
    if found["web"] is None:
        return "other"
    return "https" if found["secure"] else "http"


def _settled(text: str) -> str:
    for _ in range(PASSES):
        settled = _pass(text)
        if settled == text:
            return text
        text = settled
    text = quote(text, safe="")
    while (settled := _pass(text)) != text:
        text = settled
    return text


def _pass(text: str) -> str:
    text = _INVISIBLE.sub("", text)
    if "&" in text:
        text = _ENTITY.sub(_decoded_entity, text)
    if "[" in text:
        text = _DEFANGED.sub(_armed, text)
    if "\\" in text:
        text = text.replace("\\%", "%").replace("\\", "/")
    if "%" in text:
        text = _ESCAPE.sub(_normal_escape, text)
    prefix = _PREFIX.match(text)
    text = _without_anchor(_trimmed(text[prefix.end() :] if prefix else text))
    border = _HOST_END.search(text)
    authority, rest = (
        (text[: border.start()], text[border.start() :]) if border is not None else (text, "")
    )
    user, at, host = authority.rpartition("@")
    return _encoded(_SPACE.sub("", user)) + at + _host(host) + _encoded(rest)


def whole_characters(text: str) -> str:
    """The text with surrogate pairs joined and lone surrogates replaced by U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _decoded_entity(found: re.Match[str]) -> str:
    if found[1]:
        return "&"
    name = found[2].lower()
    if name[0] != "#":
        return _NAMED[name]
    code = int(name[2:], 16) if name[1] == "x" else int(name[1:])
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else ""


def _armed(found: re.Match[str]) -> str:
    return "." if found[1].lower() == "dot" else found[1]


def _normal_escape(found: re.Match[str]) -> str:
    """RFC 3986, 6.2.2: unreserved characters bare, digits in upper case; a lone % escaped."""
    digits = found[1]
    if digits is None:
        return "%25"
    code = int(digits, 16)
    return chr(code) if code in _UNRESERVED else "%" + digits.upper()


def _trimmed(text: str) -> str:
    end = len(text)
    while end and (text[end - 1] in "/\"'<>" or text[end - 1].isspace()):
        end -= 1
    return text[:end]


def _without_anchor(text: str) -> str:
    start = text.find("#")
    if start < 0 or _ANCHOR.fullmatch(text, start + 1) is None:
        return text
    return _trimmed(text[:start])


def _encoded(text: str) -> str:
    return _ILLEGAL.sub(lambda found: quote(found[0], safe=""), text)


def _host(host: str) -> str:
    """Lower case, ASCII, without white space, trailing dots and default ports."""
    host = _SPACE.sub("", host)
    if not host.isascii():
        host = _ascii_host(host)
    host = _ESCAPE.sub(lambda found: found[0].upper(), _encoded(host.lower()))
    end = len(host)
    while end:
        colon = host.rfind(":", 0, end)
        if host[end - 1] == ".":
            end -= 1
        elif colon >= 0 and host[colon + 1 : end].lstrip("0") in ("", "80", "443"):
            end = colon
        else:
            break
    return host[:end]


def _ascii_host(host: str) -> str:
    """The host by UTS 46; by bare Punycode where IDNA 2008 refuses (emoji); else as it was."""
    import idna

    name, colon, port = host.partition(":")
    if len(name) > 253:
        return host
    try:
        name = idna.uts46_remap(name, std3_rules=False)
        labels = [
            label if label.isascii() else "xn--" + label.encode("punycode").decode()
            for label in name.split(".")
        ]
    except (idna.IDNAError, UnicodeError):
        return host
    name = ".".join(labels)
    return name + colon + port if _HOSTNAME.fullmatch(name) else host
