"""URLs as text: canonical form, tokens, stop words, stems, counts and lexical numbers.

Each transformer takes a 1-D sequence of URL strings, needs no downloaded corpus, is cloneable and
is saved as plain data. The pieces compose, and `StemCounts` is the reference recipe in one step:

    make_pipeline(CanonicalUrls(), NltkTokens(), StopWords(), SnowballStems(), CountVectorizer())
    make_pipeline(CanonicalUrls(), StemCounts(stop_words=True))

The second gives the same features in a fraction of the time.
"""
