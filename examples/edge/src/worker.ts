// The service as a Cloudflare Worker: only handler.ts.

import { handle } from "./handler.ts";

export default { fetch: (request: Request): Promise<Response> => handle(request) };
