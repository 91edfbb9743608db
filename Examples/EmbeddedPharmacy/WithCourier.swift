/// The home-delivery workflow with a part of the pharmacy's own: a courier, booked on acceptance.
enum WithCourier {
    static let yaml = """
        workflow: with_courier
        version: 1
        parts:
          prescription:
            starts: draft
            each_entry: { do: provet.patch_status, needs: provet.create_prescription }
            states:
              draft:
                do: provet.create_prescription
                on: { done: sending, given_up: canceled, cancel: canceled }
              sending:
                do: pharmacy.transmit
                on: { done: sent, refused: error }
              sent:
                by: pharmacist
                remind: 4h
                on:
                  accept: accepted
                  accept_with_warning: accepted_warning
                  reject: rejected
                  cancel: canceled
              accepted: { rest: true, on: { cancel: canceled } }
              accepted_warning:
                rest: true
                on: { accept: accepted, reject: rejected, cancel: canceled }
              rejected: { rest: true }
              canceled: { rest: true }
              error: { by: operator, remind: 24h, on: { retry: sending, cancel: canceled } }
              unknown: { by: clinic, remind: 24h }
          fee:
            starts: waiting
            states:
              waiting:
                when:
                  - { prescription: [accepted, accepted_warning], confirmed: true, go: charging }
                  - { prescription: [rejected, canceled], go: not_charged }
              charging:
                exclusive: client
                saga:
                  - { do: provet.fetch_fee_item, refused: park }
                  - { do: provet.create_counter_sale, undo: provet.delete_counter_sale }
                  - { do: provet.add_counter_sale_item }
                  - { do: provet.finalize_counter_sale, undo: provet.refund_invoice, pivot: true }
                  - { do: provet.add_payment, undo: provet.cancel_payment }
                abort: { prescription: [rejected, canceled] }
                on: { done: charged, undone: not_charged }
              charged:
                rest: true
                when: [{ prescription: [rejected, canceled], go: refunding }]
              not_charged: { rest: true, on: { retry: waiting } }
              refunding: { undo: charging, on: { undone: refunded } }
              refunded: { rest: true }
              not_applicable: { rest: true }
          dispensing:
            starts: waiting
            states:
              waiting:
                when:
                  - { prescription: [accepted, accepted_warning], go: open }
                  - { prescription: [rejected, canceled], go: closed }
              open:
                by: pharmacy
                when: [{ prescription: [rejected, canceled], go: closed }]
              complete: { rest: true, when: [{ prescription: [rejected, canceled], go: closed }] }
              expired: { rest: true, when: [{ prescription: [rejected, canceled], go: closed }] }
              closed: { rest: true }
          courier:
            starts: idle
            states:
              idle:
                when:
                  - { prescription: [accepted, accepted_warning], confirmed: true, go: booking }
                  - { prescription: [rejected, canceled], go: unneeded }
              booking: { do: courier.book, on: { done: booked, refused: unneeded } }
              booked: { rest: true }
              unneeded: { rest: true }

        """
}
