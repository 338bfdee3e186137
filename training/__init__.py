"""From a catalogue to an evaluated, exported artifact; runs offline and knows no Django."""
