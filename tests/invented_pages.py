"""Pages about Marlow syndrome, a disease that does not exist, each broken in a way that scraped pages are."""

from hypothesis import strategies as st

JOURNEY = """\
2031-05-04
Signs by AgeWhat Does the Gene MRLW1 Do? (Marlow Syndrome in Plain Words)
Learn what the gene MRLW1 does and how it leads to Marlow syndrome. A gentle guide for parents and grandparents.
MRLW1 is the gene behind Marlow syndrome. It tells cells how to fold a small protein.
How the gene works
Every cell reads MRLW1 many times a day. The protein keeps the inner ear in balance.
Children with two changed copies fall more often than others.
How it is passed on
Marlow syndrome is passed on in a recessive way. Both parents carry one changed copy.
This article explains what the gene does, what a change means, and why balance is lost.
Related pages
Conclusion
MRLW1 is at the root of Marlow syndrome. Balance training helps many children.
Sources▾
- https://example.org/marlow
- https://example.net/entry/900100
Last reviewed: 2031-05-03
Read next in journey
What to read next
Marlow syndrome day by day
Learn how families plan their days. A warm guide with lists to print.
What stands here serves informational purposes and is no medical advice."""

ANSWERED_TWICE = """\
Short answer · Medically reviewed summary · Last updated: 2030-11-02
TL;DR: Marlow syndrome is a rare disorder of balance. It starts before the age of three. What starts Marlow \
syndrome? A change in both copies of MRLW1 starts it.
TL;DR: Marlow syndrome is a rare disorder of balance. It starts before the age of three.
A change in both copies of MRLW1 starts it. Nothing that a parent did brings it on.
Medical disclaimer: This text is for educational purposes only and does not replace professional medical advice."""

LIBRARY = """\
Skip Navigation\u00a0\u00a0 A service of the Norland Library of Health®

Marlow syndrome

Reviewed August 2029

How common is Marlow syndrome?

Marlow syndrome is very rare; some 70 people are known in the world.

Where can I find information about treatment?

You may find information on treatment in the links below, particularly the links for Patient support.

What other names do people use for Marlow syndrome?

  • MRLS
  • Marlow-Finch syndrome

See How are conditions named? ( in the Handbook.

What glossary words help?

balance\u00a0; cell\u00a0; gene\u00a0; inner\u00a0ear\u00a0; protein

You may find definitions for these words in the Library Glossary (

  • Finch AB, Marlow CD. Falls in early life. J Balance. 2001 Feb;4(2):11-9. (
  • Marlow CD, Okafor E, Lind F. The gene MRLW1. Ann Ear. 2009 Mar;7(1):1-8. Review. (

Nothing on these pages is meant as a substitute for professional care.

Reviewed: August 2029
Published: May 4, 2030"""

SQUASHED = (
    "Marlow syndrome: NorlandPlus Genetics Skip navigation An official website of the Norland government "
    "Menu Search Health Topics Drugs Genetics Tests Videos Share Print Cookies Log in "
    "URL of this page: https://norlandplus.example/genetics/marlow-syndrome/ Marlow syndrome Sharing needs "
    "JavaScript, so please turn it on. Description Marlow syndrome (MRLS) is a disorder of the inner "
    "ear that makes people lose their balance. The first falls come before the age of three. In most children both "
    "ears are affected at once. Over the years walking on uneven ground becomes hard, and many people come to use a "
    "stick. Some have a ringing sound in the ears that comes and goes. Others feel sick when they ride in a car or on "
    "a boat. Hearing stays as it was. The mind is not touched by the disorder. Most people with the disorder work, "
    "drive and have children of their own. In a few families the signs begin only after the age of forty. These "
    "people have a milder form, and their falls are rare. Frequency About 70 people in the world are known to have "
    "the disorder. It is found in all countries where doctors looked for it. Causes Changes in the gene MRLW1 cause "
    "the disorder. The gene tells cells how to fold a protein that keeps small hairs in the inner ear upright. "
    "Without the protein the hairs lean over and send the wrong message to the brain. Learn more about the gene "
    "associated with Marlow syndrome MRLW1 Additional Information from NCBI Gene: MRLW2 MRLW3 Inheritance The "
    "disorder is passed on in a recessive way, which means that each cell holds two changed copies. "
    "The parents carry one changed copy each and have no signs. Other Names for This Condition MRLS Marlow-Finch "
    "syndrome Catalog of Genes and Diseases from OMIM MARLOW SYNDROME 1; MRLS1 MARLOW SYNDROME 2; MRLS2 Scientific "
    "Articles on PubMed PubMed References Finch AB, Marlow CD. Falls in early life and what they tell:\n"
    "a review. J Balance. 2001 Feb 3;4(2):11-9. doi:\n"
    "10.1000/jb.2001.11. Citation on PubMed Marlow CD, Okafor E, Lind F. The gene MRLW1 folds\n"
    "a protein of the inner ear. Ann Ear. 2009 Mar;7(1):1-8. doi: 10.1000/ae.2009.1.\n"
    "Epub 2009 Jan 4. Citation on PubMed or Free article Okafor E, Lind F. Sticks and\n"
    "stones. Walk. 2012 Jun;9(3):30-4. doi: 10.1000/w.2012.30. Citation on PubMed Related Health Topics Balance "
    "Problems Ear Disorders Disclaimers NorlandPlus also shows pages of other agencies. What "
    "NorlandPlus says is no substitute for professional care. Learn how "
    "to cite this page About NorlandPlus Site Map Subscribe to RSS Follow us Copyright Last updated "
    "March 1, 2028"
)

ALL = (JOURNEY, ANSWERED_TWICE, LIBRARY, SQUASHED)

_PIECES = [
    *(
        "Yes.",
        "No! ",
        "Dr. Smith",
        "e.g. this",
        "U.S. ",
        "3.5",
        "... ",
        "Marlow syndrome",
        " is rare.",
        "What is it?",
    ),
    *(
        "\n",
        "\n\n",
        "\r",
        "\r\n",
        "\x0b",
        "\x0c",
        "\x1c",
        "\x85",
        "\u2028",
        "\t",
        "  ",
        "\xa0",
        "\ufeff",
        "\u200b",
    ),
    *(
        "- ",
        "* ",
        "+ ",
        "1. ",
        "> ",
        "# ",
        "## ",
        "#",
        "---\n",
        "===\n",
        "    ",
        "•",
        "·",
        "(",
        '"',
        "”",
        "[1]",
        "—",
        "…",
    ),
    *("| a | b |\n", "|---|---|\n", "<div>", "</div>\n", "<!-- x -->", "```\n", "**bold**", "title: x\n"),
    *(
        "TL;DR: ",
        "Note: ",
        "References\n",
        "Read next\n",
        "Signs:\n",
        "doi:10.1/x ",
        "Smith JA, Jones B.",
        "javascript",
    ),
    *("https://x.org ", "Last reviewed: 2026-03-26", "Learn more about", "Frequency About 5 people are ill. "),
]

texts = st.lists(st.one_of(st.sampled_from(_PIECES), st.text(max_size=6)), max_size=40).map("".join)
"""Any text, rich in what pages are made of and in every kind of line end."""
