"""The board: a folder of pages made from a contest's records. Without torch, without a server, without network.

build     all pages into a folder             front     what the front page shows
entries   a page for every entry              verdict   what stands first on it
figures   what the scripts compute with       glossary  what the columns mean
movement  how places moved over time          strips    where in the field a value lies
samples   pictures of what was measured       card      the picture of a link
running   which entries run in a page         panel     the open board
site/     templates, style, and what runs in the page
"""
