"""Sharing: files of one's own, uploaded with one's own sign-in, and the links that everyone can open.

    drive           Google Drive, through Colab's sign-in or the browser (`google`)
    hugging_face    a model repository of Hugging Face
    github          a release of a repository on GitHub

Tokens live in memory alone: they are put into requests and never into a file, a sentence or an exception.
"""

from flowleague.sharing.files import Upload, uploads

__all__ = ["Upload", "uploads"]
