/** The endpoints of Better Auth. */
import { toNextJsHandler } from "better-auth/next-js";
import { getAuth } from "@/lib/server";

export const { GET, POST } = toNextJsHandler((request) => getAuth().handler(request));
