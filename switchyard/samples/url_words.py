"""Words of the generated sample. Brands and hosts are invented, but for a few well-known lures."""

from __future__ import annotations

from dataclasses import dataclass


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SYLLABLES = _words("""
    al an ar ba bel bo bri cal can cor da del dor el en er fal fen fi gal gar gil ha hel hol in ja
    jor ka kel kor la len lin lo ma mar mel mi mon na nel nor o or pa pel por ra ren ri ro sa sel
    sol sta ta tel tor tri u val ver vi vo wa wen wil xa yar yo za zel
""")

NOUNS = _words("""
    garden house music river mountain school travel kitchen camera paper stone market bridge book
    wood light water flower bakery clinic studio museum forest harbour cycle yoga coffee history
    science theatre gallery village farm lake chess poetry weather football hiking sewing pottery
    astronomy geology archive orchestra library union parish council guitar violin recipe dog cat
    horse bird toy card shop store account support service news security update
""")

TOPICS = _words("""
    guide tips review history introduction overview notes story interview report results calendar
    schedule gallery photos members projects research courses lessons plans tools parts prices
    offers delivery returns questions answers archive letters minutes programme
""")

VERBS = _words("""
    how why where when what best top new old small great simple modern local
""")

SECTIONS = _words("""
    about contact products news events blog team services faq help press careers shop category
    archive docs forum gallery people research publications support download media
""")

BRANDS = _words("""
    norvabank paylio mailora cloudella shipzo kredita bankoro tradexo coinvaro streamly postalia
    telvona securpay docushare walletra
""")

LURES = _words("""
    paypa1 amaz0n app1e-id netfl1x micros0ft faceb00k ebay-help dhl-parcel
""")

BAIT = _words("""
    login signin verify secure account update confirm billing webscr password recover unlock
    support service authentication session validation suspended wallet customer id
""")

FOLDERS = ("wp-content/plugins", "wp-includes", "images", "css", "tmp", "components", "~admin", "")

GOOD_ENDINGS = (
    *("com",) * 42,
    *("org",) * 12,
    *("net",) * 7,
    *("edu",) * 5,
    *("co.uk",) * 5,
    *("de",) * 5,
    *("fr", "it", "nl", "ca", "io", "com.au", "ac.uk", "gov", "info", "ru", "se", "pl") * 2,
    *("xyz", "shop", "online", "site", "club"),
)

BAD_ENDINGS_THEN = (
    *("com",) * 34,
    *("net",) * 9,
    *("org",) * 6,
    *("info",) * 8,
    *("ru", "com.br", "biz", "cn", "tk", "ml", "in", "pl", "de", "co.uk") * 4,
)

BAD_ENDINGS_NOW = (
    *("com",) * 30,
    *("xyz", "top", "shop", "online", "site", "cn", "icu", "click", "live", "cfd") * 5,
    *("net", "org", "info", "ru", "de", "co.uk", "io") * 2,
)

FREE_HOSTS = (
    *("freepages.example", "sitenest.example", "pagebloom.example", "webcabin.test"),
    *("easysites.example", "formhive.example", "appdock.test", "cloudpages.test"),
)

SHORTENERS = ("shrt.example", "go2.example", "lnk.test")


@dataclass(frozen=True)
class Era:
    """A fashion of traps from a time on (0 the first day of a sample, 1 its last)."""

    since: float
    brands: tuple[str, ...]
    baits: tuple[str, ...]
    folders: tuple[str, ...]
    hosts: tuple[str, ...]
    endings: tuple[str, ...]


STILL_AS_BEFORE = 0.1
"""The share of later traps that are made as they were before the first era."""

ERAS = (
    Era(
        0.47,
        _words("yamadori kuroneko sagawo mizuhara rakuzen aeonix jibuncho smbcoro epozu saizon"),
        _words("etc meisai kaiin hozon touroku henkou jyoho kakunin otoiawase riyou"),
        _words("jp pc sp kaiin mypage ninsho kessai seikyu"),
        _words("duckhop.example hopdns.test ddnszo.example"),
        _words("cyou buzz monster bar quest jp"),
    ),
    Era(
        0.62,
        _words(
            "metamusk unizwap pancakez opensee phantomo trezorix ledgero binanzo krakenix dydex"
        ),
        _words("airdrop mint stake bridge whitelist kyc seed phrase swap dapp"),
        _words("connect walletsync restore dapps nodes rpc migrate rectify"),
        _words("ipfsgate.example pagesdev.test workerz.example vercello.test"),
        _words("app finance xyz link network cloud"),
    ),
    Era(
        0.8,
        _words("uspz evrii royalmale correoz posteitalo ezpazz sunpazz fastrakk ezdrive peachpazz"),
        _words("parcel toll redelivery customs fee invoice fine unpaid track reschedule"),
        _words("us i pay track pkg notice bill vehicle"),
        _words("tinyhop.example qrgo.test smslnk.example"),
        _words("top sbs bond lol vip cfd"),
    ),
)
"""Invented, as the brands are; each era has words, hosts and endings that those before it lack."""
