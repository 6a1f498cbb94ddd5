"""The commands: what `run.sh` calls. Each is a module of its own, loaded when it is asked for."""
