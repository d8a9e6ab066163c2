"""Where the models of nege are: each is imported when it is first used or asked for by its name."""

#: The module of each, by its class.
SHIPPED = {
    "OnlineAgglomeration": "nege.models.agglomeration.model",
    "CorePeriphery": "nege.models.classical.core_periphery",
    "FootlooseCapital": "nege.models.classical.footloose_capital",
    "FootlooseEntrepreneur": "nege.models.classical.footloose_entrepreneur",
    "LinearDemand": "nege.models.classical.linear_demand",
    "QuasiLinear": "nege.models.classical.quasi_linear",
    "VerticalLinkages": "nege.models.linkages.model",
    "AllenArkolakis": "nege.models.quantitative.allen_arkolakis",
    "Commuting": "nege.models.quantitative.commuting",
    "Helpman": "nege.models.quantitative.helpman",
}
