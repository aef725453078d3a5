/** REST over the control plane. */

import { Hono } from "hono";
import type { ControlPlane } from "../control-plane.ts";
import { serviceJson } from "./service-json.ts";

export function restApp(plane: ControlPlane): Hono {
  const app = new Hono();
  app.get("/health", (c) => c.json({ status: "ok" }));
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  app.get("/readyz", async (c) => {
    await plane.store.listRuns({ limit: 1 });
    return c.json({ status: "ok" });
  });
  app.get("/api/services", (c) => {
    const services = plane.registry.list().filter((service) => service.state !== "gone");
    return c.json({ services: services.map(serviceJson) });
  });
  app.get("/api/services/:id{.+}", (c) => {
    const service = plane.registry.get(c.req.param("id"));
    if (service !== undefined) return c.json(serviceJson(service));
    const message = `there is no service ${c.req.param("id")}`;
    return c.json({ error: { code: "control/not-found", message } }, 404);
  });
  app.notFound((c) =>
    c.json({ error: { code: "control/not-found", message: `there is no ${c.req.path}` } }, 404)
  );
  return app;
}
