"""What the constitution and its guardrails were when they were pinned; made by `make docs`."""

from typing import Final

PINS: Final = {
    "constitution.md": "2bc32bb5ca38a162dd970bbe1884155d62e1fcd98f6db3133da78d36577b9170",
    "domain/guardrails.py": "5a590c24b5da8a7a63dd5d5d614cfea3492337351e2b74078acb7f4bb037a67c",
    "domain/hosts.py": "c1031abb3a51f94c917f61cefe7746338b08099f63e85bbaca58e8081cb03c1b",
    "domain/intents.py": "09abfeaee34fde4ddfadb854830aab7746c1990804a28eee72b7baf40fb548c9",
    "kernel/budget.py": "65609aeb176ee667ee7471f10606e140ac436b1defef2c7316ccb7ef4630afef",
    "kernel/dispatch.py": "1ee912a950b5fb2ece33a57d7ae6631474fcfd46e6e3c22f5e298722e54f72fa",
    "kernel/two_keys.py": "40e0955af4bd52f59ed68b2483a18b69c75c73e496104932c01d28497b153ba1",
    "capabilities/governance/policy.py": "bc9aa9f87123912cefe241aaba5026a20ca2ff5df853dfd0662cae14ba428d0f",
    "capabilities/governance/redact.py": "8d69fa0e99e2991923f2fd1e6adbf55d628e8afdd567e7e50b2d1ec003ba4f78",
    "capabilities/keys/_notary.py": "89ecc5c0f9df234e29aece24d93a07d75690be686af58e7006da18c36a728fc5",
    "capabilities/keys/_sshsig.py": "97a17a8925ad2942e8c6cff0b06388e4dc58e6a5b2e4ba40085ff24d4f2669d8",
    "capabilities/keys/_tree.py": "455b0e634ce4c2b8754f677a9b8a850371452715628abc3c9266bf4edb927caf",
    "capabilities/regular.py": "5ac8fe4312ffb3285d12ef468302fa31def4fe6b32d9dba067135791767a9e9b",
    "capabilities/sandbox/bounds.py": "d126bf817f0c80d9bf3a68e89ed8715ec395c2afdb763de495948fbfb1f15912",
    "capabilities/sandbox/bubblewrap.py": "fde61f2a22bd11f9ba0b961a57af3566965bb9ba16b6787c87026a598bc3d6cc",
    "capabilities/sandbox/confine.py": "dabec5a0fe6b46ca3a85cad07fccdfaa54d717fe36f74183bc879ff0c3a98f8d",
    "capabilities/sandbox/egress.py": "7e8ad935f3093d66e5778147db3c98b06e3ae60222c8af96eca5debeb1813324",
    "capabilities/sandbox/ladder.py": "31d54380317ea6175c631f8f3bf4e5a409194af7e3f7012a9bb070ac1ea39ea8",
    "capabilities/sandbox/landlock.py": "72c7ea41c55ffaa463c4f25ab28f4f72f9828c3344500eb87edea35c2d444df0",
    "capabilities/sandbox/scopes.py": "7e819e18630c7c910aa91ce3d74e1bacaa2897ab7c36452ac9c7ba28bc337371",
    "capabilities/sandbox/seccomp.py": "502dd6f82b24cd7b01469ad5f38d6e8a0e14c09f5fa07ff59d93070108f8fd07",
    "capabilities/tools/_paths.py": "4d849331cb27b1589982407ed62bf26ac5b190ed38c9f4ea8aa14fbf763a0315",
    "services/constitution.py": "8f11a7120f5a33b5e6a9bbb15574181186157afc0eff115e765a113e6bea97f0",
    "services/trust.py": "e7719acb3838801f08a5ba415f11b16fe7c038597ab69db390f9afc92b68f9bb",
}
