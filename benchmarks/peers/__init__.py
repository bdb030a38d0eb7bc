"""The peers: other ways to the same digits, each trained within one budget of processor time, all read by one judge.

    OMP_NUM_THREADS=1 python -m benchmarks.peers FOLDER [--budget 600] [--only NAME] [--plan full]

Needs the extra `peers`, and two packages without their requirements, of which some shadow modules of Python or bring a
trainer, plots and torchvision that are not used here:

    pip install --constraint constraints.txt --editable '.[peers]'
    pip install --no-deps pythae==0.1.2 torchcfm==1.0.7

    sample           the network that the contest handed out, 438,553 parameters              code
    winner           the recipe of the contest's winner, rebuilt, 169,905 parameters          code
    pca-16, pca-49   principal components, and a mixture of 100 Gaussians (scikit-learn)      code
    rae              pythae's regularised autoencoder with its own networks and mixture       code
    torchcfm         base's autoencoder; torchcfm's minibatch transport trains the velocity   a bundle
    flow-matching    base's autoencoder; facebook's flow_matching trains the velocity         a bundle
    quick            our recipe `quick` with as many images as the budget allows              a bundle

A budget counts the processor seconds of all threads, so that a busy machine changes little. Those who take base's
autoencoder have all of it for the velocity: what the autoencoder cost is not counted against them. Only the 55,000
training images are trained on.

    FOLDER/NAME/                  the entry: NAME.py and its weights, or a bundle
    FOLDER/NAME.training.json     how it was trained; where this is, it is not trained again
    FOLDER/NAME.scorecard.json    what `flowleague score` measured; where this is, it is not measured again
"""
