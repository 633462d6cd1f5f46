"""What the constitution and its guardrails were when they were pinned; made by `make docs`."""

from typing import Final

PINS: Final = {
    "constitution.md": "2bc32bb5ca38a162dd970bbe1884155d62e1fcd98f6db3133da78d36577b9170",
    "domain/guardrails.py": "9db30e3858f1a6a46224531b818729a0b1bc3d7f1fda68871426c8f2f3314235",
    "domain/hosts.py": "c1031abb3a51f94c917f61cefe7746338b08099f63e85bbaca58e8081cb03c1b",
    "domain/intents.py": "09abfeaee34fde4ddfadb854830aab7746c1990804a28eee72b7baf40fb548c9",
    "kernel/approval.py": "7ad796891ad58e769b1cab37c46a27d45dec17f77f11656863a5534db85c559c",
    "kernel/budget.py": "d5838683c69371475a3279709b37f9965b1011186e0c38000c9c2533bba60f31",
    "kernel/dispatch.py": "3ded6a2a1c3b9eb4cbdd409ba2164c9a48a873536e93151f447445ec6a229a90",
    "kernel/two_keys.py": "fcd7364bf2f32600c356de4c9c1635882127c56baf856f722998d810c6edd027",
    "capabilities/governance/policy.py": "50cf6f37a18e4d0801a8b0443b36562b8d73c6c96c7bd618253787b212490858",
    "capabilities/governance/redact.py": "d7c506e96ea3a45d6dc6b73a434672f631c6b0e82879192824c98410087a0b5f",
    "capabilities/keys/_notary.py": "89ecc5c0f9df234e29aece24d93a07d75690be686af58e7006da18c36a728fc5",
    "capabilities/keys/_sshsig.py": "3674bc99877e57be94bc0fbdb9c2d7d41e2b90845a4f50945440223ea8436505",
    "capabilities/keys/_tree.py": "455b0e634ce4c2b8754f677a9b8a850371452715628abc3c9266bf4edb927caf",
    "capabilities/programs.py": "7345ce24d9ae764b8f37d611704b9fe0db10377feb4bb0e677ce05a9b741469f",
    "capabilities/regular.py": "5ac8fe4312ffb3285d12ef468302fa31def4fe6b32d9dba067135791767a9e9b",
    "capabilities/sandbox/bounds.py": "d126bf817f0c80d9bf3a68e89ed8715ec395c2afdb763de495948fbfb1f15912",
    "capabilities/sandbox/bubblewrap.py": "3f6a64e1e45896bf956493944ceb8a17645084a4801cf59c560c59a5181d8548",
    "capabilities/sandbox/confine.py": "dabec5a0fe6b46ca3a85cad07fccdfaa54d717fe36f74183bc879ff0c3a98f8d",
    "capabilities/sandbox/egress.py": "4d13f1aa34bc57205094d4b4f5728253d4f494a1e1b70b62b5f19ab6776f720b",
    "capabilities/sandbox/ladder.py": "45f93d7a2dcf5799d2596dea93c6163da75904496acd4dfbd8b794fa579c6eb1",
    "capabilities/sandbox/landlock.py": "72c7ea41c55ffaa463c4f25ab28f4f72f9828c3344500eb87edea35c2d444df0",
    "capabilities/sandbox/scopes.py": "70863a9aac0f010a79d9ed9addd88ec41c910cce98624031a052bc66b998a3aa",
    "capabilities/sandbox/seccomp.py": "502dd6f82b24cd7b01469ad5f38d6e8a0e14c09f5fa07ff59d93070108f8fd07",
    "capabilities/tools/_paths.py": "5e205ce1dea87b2d81fcf998fe94400314300fb8168a6d2d65b014a81c16414d",
    "services/constitution.py": "8f11a7120f5a33b5e6a9bbb15574181186157afc0eff115e765a113e6bea97f0",
    "services/trust.py": "0d7a59bffe9a4b24f65d24b755496575967c1750700fc09ac3b29098584b54bd",
}
