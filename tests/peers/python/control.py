"""A client of the control plane over Python's grpcio, with no generated code.

Registers, heartbeats, lists and watches over all three protocols, and prints what it saw as JSON.
TARGET host:port; TOKEN, CA, CERT, KEY optional; DESCRIPTORS a compiled set of the .proto files.
"""

import json
import os

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

MAX_MESSAGE_BYTES = 64 * 1024 * 1024
TIMEOUT_S = 20

with open(os.environ["DESCRIPTORS"], "rb") as file:
    FILES = descriptor_pb2.FileDescriptorSet.FromString(file.read())
POOL = descriptor_pool.DescriptorPool()
for one in FILES.file:
    POOL.Add(one)


def message(name, /, **fields):
    kind = message_factory.GetMessageClass(POOL.FindMessageTypeByName(name))
    return kind(**fields)


class Client:
    def __init__(self, channel, metadata):
        self.channel = channel
        self.metadata = metadata

    def call(self, service, method, /, **fields):
        found = POOL.FindServiceByName(service).FindMethodByName(method)
        request = message(found.input_type.full_name, **fields)
        answer = message_factory.GetMessageClass(found.output_type)
        make = self.channel.unary_stream if found.server_streaming else self.channel.unary_unary
        return make(
            f"/{service}/{method}",
            request_serializer=lambda value: value.SerializeToString(),
            response_deserializer=answer.FromString,
        )(request, timeout=TIMEOUT_S, metadata=self.metadata)


def channel_to(target):
    options = [("grpc.max_receive_message_length", MAX_MESSAGE_BYTES)]
    if "CA" not in os.environ:
        return grpc.insecure_channel(target, options)

    def read(name):
        path = os.environ.get(name)
        return open(path, "rb").read() if path else None

    credentials = grpc.ssl_channel_credentials(read("CA"), read("KEY"), read("CERT"))
    return grpc.secure_channel(target, credentials, options)


def main():
    token = os.environ.get("TOKEN")
    metadata = [("authorization", f"Bearer {token}")] if token else []
    client = Client(channel_to(os.environ["TARGET"]), metadata)
    seen = {}
    first, second = "flowctl.ControlPlane", "flowctl.v1.ControlPlaneService"
    own = "flowctl.control.v1.ServicesService"
    try:
        ack = client.call(first, "Register", service_type=1, output_event_types=["python.v1"])
        seen["assigned"] = ack.service_id
        client.call(first, "Heartbeat", service_id=ack.service_id, metrics={"n": 7.5})
        status = client.call(first, "GetServiceStatus", service_id=ack.service_id)
        seen["healthy"], seen["metric"] = status.is_healthy, status.metrics["n"]
        seen["listed"] = len(client.call(first, "ListServices").services)

        component = message("flowctl.v1.ComponentInfo", name="python", type=2)
        answer = client.call(second, "RegisterComponent", component=component, component_id="python-v1")
        seen["v1"] = answer.service_id
        client.call(second, "Heartbeat", service_id=answer.service_id, metrics={"n": "8"})
        listed = client.call(second, "ListComponents", include_unhealthy=True)
        seen["v1_listed"] = len(listed.components)

        watch = client.call(own, "WatchServices", pipeline="python-watch")
        seen["snapshot"] = next(watch).snapshot
        client.call(first, "Register", component_id="python-late", metadata={"pipeline": "python-watch"})
        seen["change"] = [service.service_id for service in next(watch).services]
        watch.cancel()
    except grpc.RpcError as error:
        seen["error"] = error.code().name
        seen["details"] = error.details()
    print(json.dumps(seen))


main()
