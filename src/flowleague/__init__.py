"""FlowLeague: run, enter and win latent flow matching contests."""
