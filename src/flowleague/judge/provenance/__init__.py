"""Evidence about training: was an entry trained on training images alone? Private to the organiser, never a verdict.

    replay           the log comes back from the bundle's own recipe, or does not
    flow loss        of the velocity network on test latents, beside shadow flows on the same encoder
    reconstruction   error of test images, beside shadow VAEs of the same recipe, paired image by image

The last two are panels: an effect with its error, and beside it those of honest models trained here. The page
`docs/provenance.md` says what each may be said to show. Nearest neighbours of samples have no power for this.
"""
