"""Words of the generated sample. Brands and hosts are invented, but for a few well-known lures."""

from __future__ import annotations


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
