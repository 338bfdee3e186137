"""Other ways of searching the same products, for comparison; an app, because Haystack and watson want one."""
