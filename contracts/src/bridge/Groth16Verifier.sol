// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Checks Groth16 proofs over BN254 with the pairing precompile: e(A, B) = e(alpha, beta) * e(inputs, gamma) * e(C, delta).

contract Groth16Verifier {
    struct G1 {
        uint256 x;
        uint256 y;
    }

    /// @dev Coordinates as the precompile wants them: the imaginary part first.
    struct G2 {
        uint256[2] x;
        uint256[2] y;
    }

    struct Proof {
        G1 a;
        G2 b;
        G1 c;
    }

    /// @dev The verifying key of a circuit; `inputs` has one point more than the circuit has public inputs.
    struct Key {
        G1 alpha;
        G2 beta;
        G2 gamma;
        G2 delta;
        G1[] inputs;
    }

    /// @notice Public inputs are numbers below this.
    uint256 public constant SCALARS = 21888242871839275222246405745257275088548364400416034343698204186575808495617;
    uint256 private constant FIELD = 21888242871839275222246405745257275088696311157297823662689037894645226208583;

    Key private _key;

    error NoInputs();
    error WrongNumberOfInputs(uint256 given, uint256 wanted);
    error InputTooLarge(uint256 input);

    constructor(Key memory key) {
        if (key.inputs.length == 0) revert NoInputs();
        (_key.alpha, _key.beta, _key.gamma, _key.delta) = (key.alpha, key.beta, key.gamma, key.delta);
        for (uint256 i = 0; i < key.inputs.length; ++i) _key.inputs.push(key.inputs[i]);
    }

    /// @notice Whether `proof` holds for `inputs`. Points that are not on the curve make a proof that does not.
    /// @dev Reads the key and writes nothing: any number of proofs are checked side by side. About 200,000 gas.
    function verify(Proof calldata proof, uint256[] calldata inputs) external view returns (bool) {
        (bool summed, G1 memory sum) = _sumOf(inputs);
        if (!summed) return false;
        if (proof.a.y >= FIELD) return false;
        // -A, so that all four pairings multiply to one.
        G1 memory negated = G1(proof.a.x, proof.a.y == 0 ? 0 : FIELD - proof.a.y);
        uint256[24] memory words;
        _put(words, 0, negated, proof.b);
        _put(words, 6, _key.alpha, _key.beta);
        _put(words, 12, sum, _key.gamma);
        _put(words, 18, proof.c, _key.delta);
        bool ok;
        uint256[1] memory result;
        assembly ("memory-safe") {
            ok := staticcall(gas(), 0x08, words, 768, result, 32)
        }
        return ok && result[0] == 1;
    }

    /// @dev inputs[0] of the key, plus each public input times its point.
    function _sumOf(uint256[] calldata inputs) private view returns (bool ok, G1 memory sum) {
        if (inputs.length + 1 != _key.inputs.length) revert WrongNumberOfInputs(inputs.length, _key.inputs.length - 1);
        sum = _key.inputs[0];
        for (uint256 i = 0; i < inputs.length; ++i) {
            if (inputs[i] >= SCALARS) revert InputTooLarge(inputs[i]);
            G1 memory point = _key.inputs[i + 1];
            uint256[4] memory words = [point.x, point.y, inputs[i], 0];
            G1 memory product;
            assembly ("memory-safe") {
                ok := staticcall(gas(), 0x07, words, 96, product, 64)
            }
            if (!ok) return (false, sum);
            words = [sum.x, sum.y, product.x, product.y];
            assembly ("memory-safe") {
                ok := staticcall(gas(), 0x06, words, 128, sum, 64)
            }
            if (!ok) return (false, sum);
        }
        ok = true;
    }

    function _put(uint256[24] memory words, uint256 start, G1 memory first, G2 memory second) private pure {
        (words[start], words[start + 1]) = (first.x, first.y);
        (words[start + 2], words[start + 3]) = (second.x[0], second.x[1]);
        (words[start + 4], words[start + 5]) = (second.y[0], second.y[1]);
    }
}
