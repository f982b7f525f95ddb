"""Which hyperparameters keep the law of x when batch, agents or compression change: rules, conditions, evidence."""
