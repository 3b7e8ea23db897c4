"""The kinds of SPAM beside dead air: what each sounds like, told within the opening of a call."""
