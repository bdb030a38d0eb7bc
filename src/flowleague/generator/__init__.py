"""The generator: a VAE, flow matching on its latents, and the two-stage training that makes a bundle.

recipes      what decides a model              matching     flow matching loss, couplings, times
vae          encoder and decoder               solvers      Euler, midpoint, Heun, RK4
velocity     v(x_t, t) and normalisation       likelihood   exact log-likelihood, straightness
training     two stages, resume to the bit     bundle       the five files of a finished model
model        LatentFlow: encode, decode, generate
"""
