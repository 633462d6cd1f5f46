"""What the constitution and its guardrails were when they were pinned; made by `make docs`."""

from typing import Final

PINS: Final = {
    "constitution.md": "2bc32bb5ca38a162dd970bbe1884155d62e1fcd98f6db3133da78d36577b9170",
    "domain/guardrails.py": "48470d3b396b35c1309fc91f3bc7c52df59a7a07848eb4938fa41f06d6656eb1",
    "domain/hosts.py": "c1031abb3a51f94c917f61cefe7746338b08099f63e85bbaca58e8081cb03c1b",
    "domain/intents.py": "09abfeaee34fde4ddfadb854830aab7746c1990804a28eee72b7baf40fb548c9",
    "kernel/budget.py": "cf24940e5ee7bc095cec817329c38adce9efdc23531757d1bc15bbeaea9744a0",
    "kernel/dispatch.py": "f3b759bceb84c3712de50aa8a2d5e0ad1a591774d591c6f5e270a2c7e564eaf5",
    "kernel/two_keys.py": "40e0955af4bd52f59ed68b2483a18b69c75c73e496104932c01d28497b153ba1",
    "capabilities/governance/policy.py": "bc9aa9f87123912cefe241aaba5026a20ca2ff5df853dfd0662cae14ba428d0f",
    "capabilities/governance/redact.py": "8d69fa0e99e2991923f2fd1e6adbf55d628e8afdd567e7e50b2d1ec003ba4f78",
    "capabilities/keys/_notary.py": "89ecc5c0f9df234e29aece24d93a07d75690be686af58e7006da18c36a728fc5",
    "capabilities/keys/_sshsig.py": "3674bc99877e57be94bc0fbdb9c2d7d41e2b90845a4f50945440223ea8436505",
    "capabilities/keys/_tree.py": "455b0e634ce4c2b8754f677a9b8a850371452715628abc3c9266bf4edb927caf",
    "capabilities/programs.py": "cd99d5fa06b514ca35cab9be66c9b0b2dbb7648323a4edb7fbc4e2486d926acd",
    "capabilities/regular.py": "5ac8fe4312ffb3285d12ef468302fa31def4fe6b32d9dba067135791767a9e9b",
    "capabilities/sandbox/bounds.py": "d126bf817f0c80d9bf3a68e89ed8715ec395c2afdb763de495948fbfb1f15912",
    "capabilities/sandbox/bubblewrap.py": "3f6a64e1e45896bf956493944ceb8a17645084a4801cf59c560c59a5181d8548",
    "capabilities/sandbox/confine.py": "dabec5a0fe6b46ca3a85cad07fccdfaa54d717fe36f74183bc879ff0c3a98f8d",
    "capabilities/sandbox/egress.py": "4d13f1aa34bc57205094d4b4f5728253d4f494a1e1b70b62b5f19ab6776f720b",
    "capabilities/sandbox/ladder.py": "45f93d7a2dcf5799d2596dea93c6163da75904496acd4dfbd8b794fa579c6eb1",
    "capabilities/sandbox/landlock.py": "72c7ea41c55ffaa463c4f25ab28f4f72f9828c3344500eb87edea35c2d444df0",
    "capabilities/sandbox/scopes.py": "70863a9aac0f010a79d9ed9addd88ec41c910cce98624031a052bc66b998a3aa",
    "capabilities/sandbox/seccomp.py": "502dd6f82b24cd7b01469ad5f38d6e8a0e14c09f5fa07ff59d93070108f8fd07",
    "capabilities/tools/_paths.py": "07a6a95b49047872718e0d19a08f156555d47e0f396a0c3c4311b5a892e43a6f",
    "services/constitution.py": "8f11a7120f5a33b5e6a9bbb15574181186157afc0eff115e765a113e6bea97f0",
    "services/trust.py": "e7719acb3838801f08a5ba415f11b16fe7c038597ab69db390f9afc92b68f9bb",
}
