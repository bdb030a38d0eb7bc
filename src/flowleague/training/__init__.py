"""Training: a VAE, a flow on its latents, and few-step fine-tuning, from digits to a bundle.

train, run               all stages in order, from the beginning or from a checkpoint
loop                     the loop of one stage, with Muon and AdamW
objectives               the losses of VAE and flow
features, finetune       the feature network, and fine-tuning for the steps that the sampler takes
beside                   the feature network's stage beside those before it, on two threads or more
augmentation, device     warped digits; where and how precisely to compute
budget                   a plan for a number of seconds
checkpoint, mirror       resume to the bit; a second copy on a mounted drive
card                     the card of a bundle
"""
