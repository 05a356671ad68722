/** For tests: what the kernel says on an ordinary host with cgroup v2, to root. */

import type { FactsReply } from "../native/boundary.gen.ts";

export const fakeTexts: FactsReply = {
  release: "6.18.0",
  euid: 0,
  egid: 0,
  cgroup_file_system: "cgroup2",
  self_cgroup: "0::/\n",
  mountinfo: "22 27 0:21 / /proc rw - proc proc rw\n27 1 254:0 / / rw - ext4 /dev/vda rw\n",
  uid_map: "0 0 4294967295\n",
  gid_map: "0 0 4294967295\n",
  apparmor: "",
  streams: ["/dev/null", "/dev/null", "/dev/null"],
};
