// Medical records: who may see what until when, in an emergency, and who did.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Address, type Hex, keccak256, toHex, zeroHash } from "viem";
import { reverts } from "../testing/reverted.ts";
import { TestChain } from "../testing/test-chain.ts";

const chain = await TestChain.create();
const [admin, patient, doctor, laboratory, ambulance, stranger] = [0, 1, 2, 3, 4, 5].map((index) =>
  chain.account(index),
) as [Address, Address, Address, Address, Address, Address];
const [BLOOD, HEART] = [1, 2];
const LATER = 2n ** 40n;
const CONTENT = keccak256(toHex("encrypted elsewhere"));
const PURPOSE = keccak256(toHex("treatment"));

for (const name of ["MedicalRecords", "MedicalRecordsPerPatient"]) {
  describe(name, () => {
    const setUp = chain.fixture(async () => {
      const registry = await chain.deploy(name);
      for (const provider of [doctor, laboratory])
        await registry.send(admin, "grantRole", await registry.read<Hex>("PROVIDER_ROLE"), provider);
      await registry.send(admin, "grantRole", await registry.read<Hex>("EMERGENCY_ROLE"), ambulance);
      await registry.send(patient, "grant", laboratory, BLOOD, 0n, LATER);
      const add = async (category = BLOOD) => {
        const receipt = await registry.send(laboratory, "add", patient, category, CONTENT);
        return registry.events(receipt, "RecordAdded")[0]?.["id"] as Hex;
      };
      const read = (who: Address, id: Hex) => registry.send(who, "read", id, PURPOSE);
      const logLength = () =>
        name === "MedicalRecords" ? registry.read("logLength") : registry.read("logLengthOf", patient);
      return { registry, add, read, logLength };
    });

    it("opens records by category, for reading and for writing apart, until a time", async () => {
      const { registry, add, read } = await setUp();
      const id = await add();
      await reverts(read(laboratory, id), "NoAccess", patient, laboratory, BLOOD);
      await reverts(read(doctor, id), "NoAccess");
      await reverts(add(HEART), "NoAccess");
      const until = BigInt(await chain.helpers.time.latest()) + 1_000n;
      await registry.send(patient, "grant", doctor, BLOOD, until, 0n);
      const receipt = await read(doctor, id);
      assert.deepEqual(registry.events(receipt, "RecordRead"), [
        { id, patient, provider: doctor, purposeHash: PURPOSE },
      ]);
      await reverts(registry.send(doctor, "add", patient, BLOOD, CONTENT), "NoAccess");
      await chain.helpers.time.increaseTo(until);
      await reverts(read(doctor, id), "NoAccess");
      await read(patient, id);
    });

    it("takes access away when the patient does, and from who is no provider any more", async () => {
      const { registry, add, read } = await setUp();
      const id = await add();
      await registry.send(patient, "grant", doctor, BLOOD, LATER, LATER);
      await read(doctor, id);
      await registry.send(patient, "revoke", doctor, BLOOD);
      await reverts(read(doctor, id), "NoAccess");
      await registry.send(admin, "revokeRole", await registry.read<Hex>("PROVIDER_ROLE"), laboratory);
      await reverts(add(), "NoAccess");
      await reverts(
        registry.send(patient, "grant", stranger, BLOOD, LATER, LATER),
        "UnknownProvider",
        stranger,
      );
    });

    it("lets an ambulance in for a day, for a reason, and never a stranger", async () => {
      const { registry, add, read } = await setUp();
      const id = await add();
      await reverts(read(ambulance, id), "NoAccess");
      await reverts(registry.send(ambulance, "declareEmergency", patient, zeroHash), "EmptyHash");
      await reverts(
        registry.send(stranger, "declareEmergency", patient, PURPOSE),
        "AccessControlUnauthorizedAccount",
      );
      await registry.send(ambulance, "declareEmergency", patient, PURPOSE);
      await read(ambulance, id);
      await chain.helpers.time.increase(24 * 60 * 60);
      await reverts(read(ambulance, id), "NoAccess");
    });

    it("logs everything, and keeps records as they are", async () => {
      const { registry, add, read, logLength } = await setUp();
      const before = await logLength();
      const first = await add();
      const second = await add();
      assert.notEqual(first, second);
      await read(patient, first);
      await registry.send(patient, "revoke", laboratory, BLOOD);
      assert.equal((await logLength()) - before, 4n);
      const [owner, provider] = await registry.read<unknown[]>("records", first);
      assert.deepEqual([owner, provider], [patient, laboratory]);
      await reverts(read(patient, zeroHash), "NoSuchRecord", zeroHash);
      await reverts(registry.send(laboratory, "add", patient, BLOOD, zeroHash), "EmptyHash");
    });
  });
}
