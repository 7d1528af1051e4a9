"""The optimiser of the paper (section 3.3): Adam, with decoupled weight decay where a config asks for some."""

import torch

from training.contract.config import TrainConfig


def make_optimizer(config: TrainConfig, network: torch.nn.Module, weight_decay: float) -> torch.optim.Optimizer:
    """Make one for a network that is on its device already, or will be moved before the first step."""
    betas = config.beta1, config.beta2
    fused = config.fused or None  # None: torch chooses
    return torch.optim.AdamW(network.parameters(), config.learning_rate, betas, weight_decay=weight_decay, fused=fused)
