"""Uploads with your own sign-in, and links that everyone can open.

    drive           Google Drive, through Colab's sign-in or the browser (`google`)
    hugging_face    a model repository of Hugging Face
    github          a release of a repository on GitHub

Tokens stay in memory and in requests: they are never written to a file, a message or an exception.
"""

from flowleague.sharing.files import Upload, uploads

__all__ = ["Upload", "uploads"]
