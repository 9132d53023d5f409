// Medical records: who may see them, and who did.
import { keccak_256 } from "@noble/hashes/sha3.js";
import type { SigningAccount } from "../chain/accounts.ts";
import { encodeArguments, word } from "../contracts/abi.ts";
import { LATER } from "../world.ts";
import { BOTH, type Family } from "./family.ts";

const CATEGORIES = 3;
const CONTENT = keccak_256(new TextEncoder().encode("content"));

export const MEDICAL_FAMILY: Family = {
  name: "medical",
  description: "access given and taken away, records added and read, emergencies",
  variants: BOTH,
  async setUp(world, variant) {
    const perPatient = variant === "parallel";
    const registry = world.create(perPatient ? "MedicalRecordsPerPatient" : "MedicalRecords");
    await world.settle();
    const providers = world.users.slice(0, Math.max(2, world.users.length >> 3));
    const patients = world.users.slice(providers.length);
    for (const role of ["PROVIDER_ROLE", "EMERGENCY_ROLE"]) {
      const id = await world.view(registry, role);
      for (const { address } of providers) world.send(registry.call("grantRole", id, address));
    }
    const added = new Map<SigningAccount | undefined, bigint>();
    const nextId = (patient: SigningAccount): Uint8Array => {
      const key = perPatient ? patient : undefined;
      const count = (added.get(key) ?? 0n) + 1n;
      added.set(key, count);
      return perPatient
        ? keccak_256(encodeArguments("(address,uint256)", [patient.address, count]))
        : word(count);
    };
    const records: { id: Uint8Array; provider: SigningAccount }[] = [];
    for (const [index, patient] of patients.entries()) {
      const provider = providers[index % providers.length] as SigningAccount; // in bounds
      for (let category = 0; category < CATEGORIES; category++)
        world.send(registry.call("grant", provider.address, category, LATER, LATER), { from: patient });
    }
    await world.settle();
    const providerOf = (patient: SigningAccount): SigningAccount =>
      providers[patients.indexOf(patient) % providers.length] as SigningAccount; // in bounds
    for (const patient of patients) {
      const provider = providerOf(patient);
      world.send(registry.call("add", patient.address, 0, CONTENT), { from: provider });
      records.push({ id: nextId(patient), provider });
    }
    await world.settle();
    return [
      {
        name: "add",
        weight: 8,
        run(traffic) {
          const patient = traffic.popular(patients);
          const provider = providerOf(patient);
          const content = traffic.takesFailure() ? new Uint8Array(32) : traffic.random.bytes(32);
          const category = traffic.random.below(CATEGORIES);
          traffic.send(provider, {
            ...registry.call("add", patient.address, category, content),
            isVital: true,
          });
          if (content.some((byte) => byte !== 0)) records.push({ id: nextId(patient), provider });
        },
      },
      {
        name: "read",
        weight: 12,
        run(traffic) {
          const { id, provider } = traffic.popular(records);
          traffic.send(provider, registry.call("read", id, CONTENT));
        },
      },
      {
        name: "grant",
        weight: 6,
        run(traffic) {
          const patient = traffic.popular(patients);
          const provider = traffic.random.pick(providers).address;
          traffic.send(
            patient,
            registry.call("grant", provider, traffic.random.below(CATEGORIES), LATER, LATER),
          );
        },
      },
      {
        name: "revoke",
        weight: 1,
        run(traffic) {
          const provider = traffic.random.pick(providers).address;
          traffic.send(traffic.popular(patients), registry.call("revoke", provider, 7));
        },
      },
      {
        name: "emergency",
        weight: 1,
        run(traffic) {
          const patient = traffic.popular(patients).address;
          traffic.send(traffic.random.pick(providers), registry.call("declareEmergency", patient, CONTENT));
        },
      },
    ];
  },
};
