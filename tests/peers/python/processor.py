"""Answers each ledger with a number of JSON events that its sequence decides; it keeps no counters."""

import json

import wire


class Processor:
    def GetInfo(self, request, context):
        return wire.info(2, ["stellar.ledger.v1"], ["example.python.numbers.v1"])

    def HealthCheck(self, request, context):
        return wire.healthy()

    def Process(self, requests, context):
        for event in requests:
            wire.slow()
            ledger = wire.RawLedger.FromString(event.payload)
            for index in range(ledger.sequence % 3):
                body = {"ledger": ledger.sequence, "index": index, "bytes": len(ledger.ledger_close_meta_xdr)}
                answer = wire.Event(
                    id=f"{event.id}/{index}",
                    type="example.python.numbers.v1",
                    payload=json.dumps(body).encode(),
                    content_type="application/json",
                )
                answer.stellar_cursor.ledger_sequence = ledger.sequence
                answer.stellar_cursor.index_in_ledger = index
                yield answer


wire.serve("flowctl.v1.ProcessorService", Processor())
