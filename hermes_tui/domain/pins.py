"""What the constitution and its guardrails were when they were pinned; made by `make docs`."""

from typing import Final

PINS: Final = {
    "constitution.md": "2bc32bb5ca38a162dd970bbe1884155d62e1fcd98f6db3133da78d36577b9170",
    "domain/guardrails.py": "4c302d6d23811d846e7258e3d1defb10d43e7692db2ec9391533b183b5b11648",
    "domain/hosts.py": "cce3a11eb8c7c3021efc0ed9059085665fa9ed66307fea8e924124183a9804ee",
    "domain/intents.py": "09abfeaee34fde4ddfadb854830aab7746c1990804a28eee72b7baf40fb548c9",
    "kernel/budget.py": "4aac3d625aafc701c8f4a65c8a0e70ba1121649506f820c75c7e00a3ca191702",
    "kernel/dispatch.py": "cf9712dc6b53ac51fb89875949c007abcb3a5935cd4cd099309e9ec16c4fcfc1",
    "kernel/two_keys.py": "998b4b99c6edceeb545f8bab26319f9246c2512e149b42cd1f448413882078a8",
    "capabilities/governance/policy.py": "1b36a7de4d78151966ae7f8445c00818e6df8e1bbaebad1b71cc5b0b3dcee96f",
    "capabilities/governance/redact.py": "8d69fa0e99e2991923f2fd1e6adbf55d628e8afdd567e7e50b2d1ec003ba4f78",
    "capabilities/keys/_notary.py": "74157f60b6df69e0d5c8c835db5d13745fb64ee88ce368f894a410486b2c7b42",
    "capabilities/keys/_sshsig.py": "97a17a8925ad2942e8c6cff0b06388e4dc58e6a5b2e4ba40085ff24d4f2669d8",
    "capabilities/keys/_tree.py": "f66eb5850cc7cc446e5df69c0b5e946e481687094f12e9b1f13384264cce57ce",
    "capabilities/sandbox/bounds.py": "d126bf817f0c80d9bf3a68e89ed8715ec395c2afdb763de495948fbfb1f15912",
    "capabilities/sandbox/bubblewrap.py": "53294e6bb97bffdce188731477772cbae8612b4e5bef0b67aa829ee00dc112c6",
    "capabilities/sandbox/confine.py": "dabec5a0fe6b46ca3a85cad07fccdfaa54d717fe36f74183bc879ff0c3a98f8d",
    "capabilities/sandbox/egress.py": "c72097eea66a4ac776b2a311a19bdffdbf07ae1dfe9015c17a297399dfc8ca9f",
    "capabilities/sandbox/ladder.py": "16517de44035a4e72648ec508cf51354f217f1e27d996416608d20155776b7c6",
    "capabilities/sandbox/landlock.py": "35c76cfbdbdd697f52d68a83516dca9a3baafa34ddc62ef95a87c4a7c6839e0f",
    "capabilities/sandbox/scopes.py": "2c86dcc7e96331d6e7732b6710fb9f34903010aab93876cb312f42b7f938f52c",
    "capabilities/sandbox/seccomp.py": "e962966a4fa3bd3d2e5d5e48f5a6c310834477cd809fd6a676f944dd34a4e26f",
    "capabilities/tools/_paths.py": "eb8b5a5afcbd600a9c97b43052eacbfeb4e855321724cc2d7ac91509cc0ffc1d",
    "services/constitution.py": "8f11a7120f5a33b5e6a9bbb15574181186157afc0eff115e765a113e6bea97f0",
    "services/trust.py": "0f170208c8f8c284ce0104c3d6d073a16bf795587a18c9bf82e90064e267a73f",
}
