"""What the constitution and its guardrails were when they were pinned; made by `make docs`."""

from typing import Final

PINS: Final = {
    "constitution.md": "2bc32bb5ca38a162dd970bbe1884155d62e1fcd98f6db3133da78d36577b9170",
    "domain/guardrails.py": "c233a8b8a795dc309e707f87ac186d6e48e8416ee75b6883ea5f5ddc71089921",
    "domain/hosts.py": "c1031abb3a51f94c917f61cefe7746338b08099f63e85bbaca58e8081cb03c1b",
    "domain/intents.py": "09abfeaee34fde4ddfadb854830aab7746c1990804a28eee72b7baf40fb548c9",
    "kernel/budget.py": "65609aeb176ee667ee7471f10606e140ac436b1defef2c7316ccb7ef4630afef",
    "kernel/dispatch.py": "669e229fe9047aea44d53c00ef02d8a80caabebc0bf690546eaadfa919195b5c",
    "kernel/two_keys.py": "40e0955af4bd52f59ed68b2483a18b69c75c73e496104932c01d28497b153ba1",
    "capabilities/governance/policy.py": "bc9aa9f87123912cefe241aaba5026a20ca2ff5df853dfd0662cae14ba428d0f",
    "capabilities/governance/redact.py": "8d69fa0e99e2991923f2fd1e6adbf55d628e8afdd567e7e50b2d1ec003ba4f78",
    "capabilities/keys/_notary.py": "74157f60b6df69e0d5c8c835db5d13745fb64ee88ce368f894a410486b2c7b42",
    "capabilities/keys/_sshsig.py": "97a17a8925ad2942e8c6cff0b06388e4dc58e6a5b2e4ba40085ff24d4f2669d8",
    "capabilities/keys/_tree.py": "f66eb5850cc7cc446e5df69c0b5e946e481687094f12e9b1f13384264cce57ce",
    "capabilities/sandbox/bounds.py": "d126bf817f0c80d9bf3a68e89ed8715ec395c2afdb763de495948fbfb1f15912",
    "capabilities/sandbox/bubblewrap.py": "07b5c1563b3fb3def11efe0546e4ab6a67c41e4f2a9340ae703a7ff5f45f3979",
    "capabilities/sandbox/confine.py": "dabec5a0fe6b46ca3a85cad07fccdfaa54d717fe36f74183bc879ff0c3a98f8d",
    "capabilities/sandbox/egress.py": "7e8ad935f3093d66e5778147db3c98b06e3ae60222c8af96eca5debeb1813324",
    "capabilities/sandbox/ladder.py": "31d54380317ea6175c631f8f3bf4e5a409194af7e3f7012a9bb070ac1ea39ea8",
    "capabilities/sandbox/landlock.py": "e33b12a42eec30c492b15a4ce6d0654a8868848d1a9f9fa30db03c680a55aece",
    "capabilities/sandbox/scopes.py": "2c86dcc7e96331d6e7732b6710fb9f34903010aab93876cb312f42b7f938f52c",
    "capabilities/sandbox/seccomp.py": "e962966a4fa3bd3d2e5d5e48f5a6c310834477cd809fd6a676f944dd34a4e26f",
    "capabilities/tools/_paths.py": "18507da5662779353b4fca25a373080a531b8f8605e76945c90ced120329fdd6",
    "services/constitution.py": "8f11a7120f5a33b5e6a9bbb15574181186157afc0eff115e765a113e6bea97f0",
    "services/trust.py": "e7719acb3838801f08a5ba415f11b16fe7c038597ab69db390f9afc92b68f9bb",
}
