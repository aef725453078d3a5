"""Emits ledgers of its own making, from start_ledger to end_ledger; sizes come from BYTES."""

import os
import time

import wire

BYTES = int(os.environ.get("BYTES", "100"))
STAY_OPEN = os.environ.get("STAY_OPEN") == "true"


def ledger_event(sequence):
    ledger = wire.RawLedger(
        sequence=sequence,
        ledger_close_meta_xdr=bytes([sequence % 256]) * BYTES,
        network=os.environ.get("NETWORK_PASSPHRASE", "test network"),
        closed_at=1_700_000_000 + sequence * 5,
    )
    event = wire.Event(id=f"python-{sequence}", type="stellar.ledger.v1", payload=ledger.SerializeToString())
    event.stellar_cursor.ledger_sequence = sequence
    return event


def text_event(sequence, index):
    event = wire.Event(
        id=f"python-{sequence}-{index}",
        type="example.python.text.v1",
        payload=f"{sequence}.{index}".encode(),
        content_type="text/plain",
    )
    event.timestamp.seconds = 1_700_000_000 + sequence * 5
    event.stellar_cursor.ledger_sequence = sequence
    event.stellar_cursor.index_in_ledger = index
    return event


class Source:
    def GetInfo(self, request, context):
        emitted = os.environ.get("EMIT", "stellar.ledger.v1")
        return wire.info(1, [], [emitted])

    def HealthCheck(self, request, context):
        return wire.healthy()

    def StreamEvents(self, request, context):
        first = int(request.params["start_ledger"])
        last = int(request.params["end_ledger"])
        for sequence in range(first, last + 1):
            wire.slow()
            if os.environ.get("EMIT", "stellar.ledger.v1") == "stellar.ledger.v1":
                yield ledger_event(sequence)
            else:
                for index in range(sequence % 4):
                    yield text_event(sequence, index)
        while STAY_OPEN and context.is_active():
            time.sleep(0.05)


wire.serve("flowctl.v1.SourceService", Source())
