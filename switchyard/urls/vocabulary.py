"""Words and endings that tell something about a URL, and the tables that kernels look them up in.

The lists are general knowledge of the field (brands that are imitated, endings that are cheap, free
or often abused, words of log-in pages); none was counted from a data set's labels.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

BRAND, CREDENTIAL, LURE, SITE = range(4)
"""What a word is: an imitated name, of a log-in page, of a bait, or a folder of common software."""

WORDS: dict[int, tuple[str, ...]] = {
    BRAND: (
        *(
            "adobe",
            "aeon",
            "alibaba",
            "allegro",
            "amazon",
            "amex",
            "apple",
            "battle.net",
            "binance",
        ),
        *("blizzard", "chase", "coinbase", "dhl", "docusign", "dropbox", "ebay", "etc-meisai"),
        *(
            "facebook",
            "fedex",
            "gmail",
            "google",
            "hotmail",
            "hsbc",
            "icloud",
            "instagram",
            "itunes",
        ),
        *(
            "linkedin",
            "lloyds",
            "mastercard",
            "mercari",
            "metamask",
            "microsoft",
            "mufg",
            "netflix",
        ),
        *(
            "office365",
            "onedrive",
            "orico",
            "outlook",
            "paypal",
            "rakuten",
            "runescape",
            "santander",
        ),
        *("saison", "sharepoint", "smbc", "softbank", "steam", "telegram", "visa", "wallet"),
        *("wellsfargo", "whatsapp", "yahoo"),
    ),
    CREDENTIAL: (
        *(
            "account",
            "auth",
            "billing",
            "bank",
            "cmd=",
            "confirm",
            "credential",
            "customer",
            "email",
        ),
        *(
            "identity",
            "limited",
            "log-in",
            "login",
            "logon",
            "member",
            "passw",
            "portal",
            "recover",
        ),
        *(
            "secur",
            "service",
            "session",
            "sign-in",
            "signin",
            "submit",
            "suspend",
            "ticket",
            "token",
        ),
        *("unlock", "update", "user", "validat", "verif", "webmail", "webscr"),
    ),
    LURE: (
        *("airdrop", "bonus", "casino", "cheap", "claim", "coupon", "crack", "crypto", "download"),
        *("free", "gift", "install", "invoice", "lucky", "pharma", "promo", "refund", "reward"),
        *("support", "survey", "viagra", "winner"),
    ),
    SITE: (
        *("administrator", "cgi-bin", "component", "content", "css", "images", "includes", "js/"),
        *("media", "modules", "plugins", "templates", "themes", "tmp", "upload", "wp-admin"),
        *("wp-content", "wp-includes"),
    ),
}

COMMON, INSTITUTION, ABUSED, SECOND, FREE, SHORT, SCRIPT, PAGE, PROGRAM, MEDIA = range(1, 11)
"""What an ending is; 0 is an unknown one."""

ENDINGS: dict[int, str] = {
    COMMON: ".com .net .org .info .biz",
    INSTITUTION: ".edu .gov .mil .int .museum",
    ABUSED: (
        ".tk .ml .ga .cf .gq .xyz .top .club .online .site .icu .buzz .cyou .cfd .sbs .shop .live "
        ".rest .monster .click .link .work .loan .win .bid .stream .download .review .vip .fun "
        ".space .website .store .tech .bond .quest .pw .cc .ws .su .cn .ru .fit .mom .lol .zip "
        ".mov .dev .app"
    ),
    SECOND: "co com org net gov gob gouv gub go ac edu or ne mil id nom",
    FREE: (
        "000webhostapp.com weebly.com wixsite.com wix.com blogspot.com wordpress.com github.io "
        "gitlab.io netlify.app vercel.app web.app firebaseapp.com herokuapp.com glitch.me "
        "pages.dev workers.dev r2.dev googleapis.com appspot.com azurewebsites.net windows.net "
        "amazonaws.com cloudfront.net duckdns.org ddns.net no-ip.org hopto.org yolasite.com "
        "webcindario.com jimdo.com jimdofree.com webnode.com site44.com altervista.org "
        "byethost.com hostei.com 000space.com my3gb.com t35.com ripway.com freehostia.com "
        "110mb.com square.site godaddysites.com repl.co surge.sh ngrok.io trycloudflare.com "
        "mybluehost.me typeform.com webflow.io carrd.co"
    ),
    SHORT: (
        "bit.ly t.co goo.gl tinyurl.com ow.ly is.gd buff.ly cutt.ly rebrand.ly rb.gy t.ly tiny.cc "
        "clck.ru s.id shorturl.at bit.do v.gd qrco.de lnkd.in urlz.fr u.to x.co j.mp tr.im adf.ly"
    ),
    SCRIPT: "=php =asp =aspx =jsp =cgi =pl =do =action =cfm =php3 =phtml",
    PAGE: "=html =htm =shtml =xhtml =xml =txt",
    PROGRAM: (
        "=exe =scr =msi =apk =jar =dll =bin =zip =rar =7z =js =vbs =ps1 =bat =dmg =iso =cab =hta"
    ),
    MEDIA: "=pdf =jpg =jpeg =png =gif =doc =docx =xls =ppt =mp3 =mp4 =avi =css =swf =ps =svg",
}

FNV_START, FNV_PRIME = 0xCBF29CE484222325, 0x100000001B3
SLOTS = 4096


def fnv(text: bytes) -> int:
    """64-bit FNV-1a."""
    value = FNV_START
    for byte in text:
        value = (value ^ byte) * FNV_PRIME & 0xFFFFFFFFFFFFFFFF
    return value


def ending_table() -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint8]]:
    """Hashes and meanings of `ENDINGS` in an open-addressed table of `SLOTS`."""
    hashes = np.zeros(SLOTS, np.uint64)
    meanings = np.zeros(SLOTS, np.uint8)
    for meaning, endings in ENDINGS.items():
        for ending in endings.split():
            value = fnv(ending.encode())
            slot = value % SLOTS
            while meanings[slot]:
                slot = (slot + 1) % SLOTS
            hashes[slot], meanings[slot] = value, meaning
    return hashes, meanings


def word_table() -> tuple[
    npt.NDArray[np.uint8], npt.NDArray[np.int64], npt.NDArray[np.uint8], npt.NDArray[np.int64]
]:
    """The words' bytes in order, n + 1 offsets, their groups, and 257 starts by first byte."""
    words = sorted((word.encode(), group) for group, words in WORDS.items() for word in words)
    letters = np.frombuffer(b"".join(word for word, _ in words), np.uint8)
    offsets = np.cumsum([0] + [len(word) for word, _ in words], dtype=np.int64)
    groups = np.array([group for _, group in words], np.uint8)
    first = np.array([word[0] for word, _ in words])
    return letters, offsets, groups, np.searchsorted(first, np.arange(257)).astype(np.int64)
