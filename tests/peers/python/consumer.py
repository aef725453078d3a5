"""Appends the id of each event to the file OUT, in the order in which they come, each durable at once."""

import os

import wire

Response = wire.message("flowctl.v1.ConsumeResponse")


class Consumer:
    def GetInfo(self, request, context):
        return wire.info(3, ["*"])

    def HealthCheck(self, request, context):
        return wire.healthy()

    def Consume(self, requests, context):
        consumed = 0
        with open(os.environ["OUT"], "a") as out:
            for event in requests:
                out.write(f"{event.stellar_cursor.ledger_sequence} {event.id}\n")
                out.flush()
                os.fsync(out.fileno())
                consumed += 1
                wire.slow()
        return Response(events_consumed=consumed)


wire.serve("flowctl.v1.ConsumerService", Consumer())
