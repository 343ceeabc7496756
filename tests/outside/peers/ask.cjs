// Puts each line (JSON) to one package of npm and prints its answer as a line. An exception is the answer "stops".
"use strict";

const fields = (tags, id) => tags.map((tag) => [tag[id], String(tag.value)]);

// Both readers of codes go back to the same place for ever when a length is below zero, until memory ends: they are not
// asked then.
const endless = (text) => {
  for (let at = 0; at + 4 <= text.length; ) {
    const length = parseInt(text.substring(at + 2, at + 4), 10);
    if (length < 0) return true;
    if (Number.isNaN(length)) return false;
    at += 4 + length;
  }
  return false;
};

const PEERS = {
  promptparse: () => {
    const { parse, checksum } = require("promptparse");
    return (text) => {
      // It looks at the checksum first.
      if (endless(text)) return checksum(text.slice(0, -4)) === text.slice(-4).toUpperCase() ? "never ends" : null;
      const code = parse(text, true, false);
      return code && fields(code.getTags(), "id");
    };
  },
  "emvco-qr-sdk": () => {
    const { parseFullQR } = require("emvco-qr-sdk");
    return (text) => {
      if (endless(text)) return "never ends";
      const code = parseFullQR(text, { parseMode: "GLOBAL", recursiveParsing: false });
      return code.crc && code.crc.isValid ? fields(code.tlvs, "tag") : null;
    };
  },
  nzh: () => {
    const { cn } = require("nzh");
    return (text) => cn.toMoney(text);
  },
};

const peer = PEERS[process.argv[2]]();
const lines = require("fs").readFileSync(0, "utf8").split("\n").filter(Boolean);
const answers = lines.map((line) => {
  try {
    return peer(JSON.parse(line));
  } catch {
    return "stops";
  }
});
process.stdout.write(answers.map((answer) => JSON.stringify(answer) + "\n").join(""));
