// The service as a Cloudflare Worker: handler.ts, and nothing else.

import { handle } from "./handler.ts";

export default { fetch: (request: Request): Promise<Response> => handle(request) };
