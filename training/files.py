"""The names of a run folder's files."""

CONFIG = "config.json"  # every value of the configuration
TOKENIZER = "tokenizer.json"
STATE = "state.json"  # see training.workdir
CHECKPOINT = "checkpoint-{}-{}.weights.h5"  # finished epochs, finished batches of the next one
EPOCH = "epoch-{}.weights.h5"  # of the last epochs, where their mean is wanted
BEST = "best.weights.h5"
LOG = "log.csv"
CACHE = "cache"  # decoded pictures, features of frozen backbones
