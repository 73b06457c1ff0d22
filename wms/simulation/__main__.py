"""`python -m wms.simulation`: the same as `flask simulate`, where no system is configured."""

from wms.simulation.command import simulate_command

if __name__ == "__main__":
    simulate_command()
