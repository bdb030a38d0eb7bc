"""The model: an autoencoder, a velocity network, a source and a sampler as one generator of images.

autoencoder     encoder and decoder                     velocity      v(x_t, t) and its normalisation
source          the distribution that the flow starts from         sampler       steps along dx/dt = v(x, t)
latent_flow     LatentFlow: encode, decode, generate    likelihood    exact log-likelihood, straightness
cost            parameters, NFE, FLOPs                 similarity    SSIM of images
randomness      noise by seed and number                export/       the model as one file of the contest's interface
"""
