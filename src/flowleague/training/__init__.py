"""Training: a VAE, a flow on its latents, and fine-tuning for few steps, from digits to a bundle.

train, start, run        all stages in order, from the beginning or from a checkpoint
stage, muon              one stage's loop, and its optimiser
objectives, matching     what each stage minimises
features, finetune       the feature network, and fine-tuning for the steps that the sampler takes
augmentation, device     warped digits; where and how precisely to compute
budget                   a plan for a number of seconds
checkpoint, snapshot     resume to the bit
mirror, card             a second copy on a Drive; what a model says of its training
"""
