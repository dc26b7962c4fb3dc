/** The endpoints of Better Auth. */
import { toNextJsHandler } from "better-auth/next-js";
import { handleRequest } from "@/lib/handler";
import { getAuth } from "@/lib/server";

export const { GET, POST } = toNextJsHandler((request) => handleRequest(getAuth(), request));
