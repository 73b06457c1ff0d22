"""Refusals of services."""

from wms.platform.i18n import N_

TEXTS = {
    "added_service_unknown": N_("There is no such service."),
    "added_service_code_taken": N_("There is a service of that code already."),
    "service_for_differences_taken": N_("Another service follows from differences already."),
    "service_of_what": N_("Name a product or a container."),
    "service_more_than_there": N_("Only %(there)s are there, %(wanted)s wanted."),
    "container_unknown": N_("There is no such container with your goods only."),
    "service_needs_product": N_("This service is asked for on a product."),
    "service_taken": N_("Somebody is working on it."),
    "service_not_yours": N_("You are not working on it."),
    "nothing_done": N_("Nothing was done of it yet."),
    "service_less": N_("%(done)s of %(quantity)s: say why it is less."),
    "service_answer_needed": N_("Say why."),
    "part_twice": N_("This part is named already."),
    "proof_missing_photo": N_("It still wants a photo."),
    "proof_missing_weight": N_("It still wants to be weighed."),
    "proof_missing_count": N_("It still wants to be counted."),
    "too_many_proofs": N_("At most %(most)s proofs are kept of one request."),
    "no_service_work": N_("No service waits here."),
    "no_service_here": N_("No service is asked for about the goods in this tote."),
}
