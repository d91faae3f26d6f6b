"""Who may sign in here, and how a browser stays signed in. Members belong to this server alone and never travel."""
