/** Who authorised which calls (CAP-46-11), as JSON. */

import type { Json } from "../../flow/batch.ts";
import type { SorobanAddressCredentialsView } from "../../gen/xdr/soroban-address-credentials.ts";
import type { SorobanAuthorizationEntryView } from "../../gen/xdr/soroban-authorization-entry.ts";
import type { SorobanAuthorizedInvocationView } from "../../gen/xdr/soroban-authorized-invocation.ts";
import type { SorobanCredentialsView } from "../../gen/xdr/soroban-credentials.ts";
import { scAddress } from "../../stellar/address.ts";
import { scValJson } from "../../stellar/sc-val-json.ts";

/** Its nesting is bounded by a check of the whole entry. */
export function authJson(entry: SorobanAuthorizationEntryView): Json {
  void entry.endOffset;
  return {
    credentials: credentialsJson(entry.credentials),
    invocation: invocationJson(entry.rootInvocation),
  };
}

function credentialsJson(credentials: SorobanCredentialsView): Json {
  const { address, addressV2, addressWithDelegates } = credentials;
  const signed = address ?? addressV2 ?? addressWithDelegates?.addressCredentials;
  return signed === undefined ? { type: "source_account" } : signedJson(signed);
}

function signedJson(signed: SorobanAddressCredentialsView): Json {
  return {
    type: "address",
    address: scAddress(signed.xdr, signed.addressOffset),
    nonce: String(signed.nonce),
    signature_expiration_ledger: signed.signatureExpirationLedger,
  };
}

function invocationJson(invocation: SorobanAuthorizedInvocationView): Json {
  const { contractFn, createContractHostFn, createContractV2HostFn } = invocation.function;
  const created = createContractHostFn ?? createContractV2HostFn;
  return {
    ...(contractFn === undefined ? {} : {
      contract_id: scAddress(contractFn.xdr, contractFn.contractAddressOffset),
      function: contractFn.functionName,
      arguments: Array.from(contractFn.args, ({ xdr, offset }) => scValJson(xdr, offset)),
    }),
    ...(created === undefined ? {} : { create_contract: created.toXdrBase64() }),
    sub_invocations: Array.from(invocation.subInvocations, invocationJson),
  };
}
