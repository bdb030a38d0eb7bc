"""The board: a folder of pages made from a contest's records. Without torch, without a server, without network.

build     all pages into a folder             front     what the front page shows
entries   a page for every entry              movement  how places moved over time
strips    where in the field a value lies
samples   pictures of what was measured       running   which entries run in a page
site/     templates, style, and what runs in the page
"""
